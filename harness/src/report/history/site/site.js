"use strict";
// The page can be read without this: it adds the search, and what changes between versions.

const find = (id) => document.getElementById(id);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const [words, from, to] = ["words", "from", "to"].map(find);

const version = (text) => /^\d+\.\d+(\.\d+)?$/.test(text.trim()) && [...text.trim().split("."), "0"].slice(0, 3).map(Number);
const compare = (a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
const sameSeries = (a, b) => a[0] === b[0] && a[1] === b[1];

const scenarios = all("article").map((article) => {
  const claims = all("li", article).map((li) => ({
    li,
    since: version(li.dataset.since),
    backports: li.dataset.backports.split(" ").filter(Boolean).map(version),
    shows: li.querySelector("code").textContent,
  }));
  const family = article.closest("section").querySelector("h2").textContent;
  return { article, claims, text: `${family} ${article.textContent}`.toLowerCase() };
});

// As the harness has it: the last claim that a version has reached.
function claimOf(claims, at) {
  const reached = ({ since, backports }) =>
    compare(since, at) <= 0 || backports.some((one) => sameSeries(one, at) && compare(one, at) <= 0);
  return claims.findLast(reached);
}

// 5.1 is not a part of 5.11.
function mentions(text, word) {
  if (!version(word)) return text.includes(word);
  return new RegExp(`(?<![\\d.])${word.replaceAll(".", "\\.")}(?!\\d)`).test(text);
}

function filter() {
  const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
  const [old, young] = [version(from.value), version(to.value)];
  const between = old && young;
  let shown = 0;
  for (const { article, claims, text } of scenarios) {
    const before = between && claimOf(claims, old);
    const after = between && claimOf(claims, young);
    const fits = wanted.every((word) => mentions(text, word)) && (!between || (before && after && before.shows !== after.shows));
    article.hidden = !fits;
    shown += Boolean(fits);
    for (const claim of claims) {
      claim.li.classList.toggle("before", claim === before);
      claim.li.classList.toggle("after", claim === after);
      const [first, last] = [claims.indexOf(before), claims.indexOf(after)].sort((a, b) => a - b);
      const at = claims.indexOf(claim);
      claim.li.hidden = Boolean(between && fits && (at < first || at > last));
    }
  }
  for (const section of all("section")) section.hidden = all("article", section).every((article) => article.hidden);
  find("nothing").hidden = shown > 0;
  const what = between ? "behaviours change" : "behaviours";
  find("shown").textContent = `${shown} of ${scenarios.length} ${what}`;
}

// The view is in the fragment; a fragment without "=" is an anchor.

function keep() {
  const view = new URLSearchParams();
  for (const field of [words, from, to]) if (field.value) view.set(field.id, field.value);
  history.replaceState(null, "", view.size ? `#${view}` : location.pathname + location.search);
}

function restore() {
  const fragment = location.hash.slice(1);
  const isView = fragment.includes("=");
  const view = new URLSearchParams(isView ? fragment : "");
  for (const field of [words, from, to]) field.value = view.get(field.id) ?? "";
  filter();
  const target = fragment && !isView && find(decodeURIComponent(fragment));
  // Twice: on the way there, articles get their true height.
  if (target) for (const wait of [0, 100]) setTimeout(() => target.scrollIntoView(), wait);
}

find("controls").hidden = false;
find("controls").addEventListener("submit", (event) => event.preventDefault());
find("controls").addEventListener("input", () => {
  filter();
  keep();
});
addEventListener("hashchange", restore);
restore();
