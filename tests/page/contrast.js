(() => {
  // Every visible text, with the background behind it.
  const numbers = (color) => {
    const canvas = document.createElement("canvas").getContext("2d");
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = ([r, g, b]) => {
    const part = (c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const paper = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (numbers(color)[3] === 255) return color;
    }
    return "white";
  };
  const pairs = new Map();
  for (const element of document.querySelectorAll("body *")) {
    const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!text || !element.checkVisibility() || element.matches("script, option")) continue;
    pairs.set(`${getComputedStyle(element).color} on ${paper(element)}`, element);
  }
  const faint = [];
  for (const [pair, element] of pairs) {
    const [light, dark] = pair.split(" on ").map((color) => luminance(numbers(color))).sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    if (!(ratio >= 4.5)) faint.push(`${ratio.toFixed(2)}: ${pair}: ${element.outerHTML.slice(0, 80)}`);
  }
  return pairs.size > 5 ? faint : ["no text was looked at"];
})()
