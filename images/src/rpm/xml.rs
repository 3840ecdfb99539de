//! The records of an XML file: the elements below its root, with their own elements.
//!
//! A list of packages has some hundred megabytes, so it is read as it comes, and only the
//! fields that are wanted are kept.

use std::cell::Cell;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// The longest piece of a file without a bracket. Descriptions have some kilobytes.
const MAX_PIECE: u64 = 4 << 20;
/// How deeply elements are nested; the lists of packages have five levels.
const MAX_DEPTH: usize = 32;
/// How many fields of a record are kept.
const MAX_FIELDS: usize = 32;

/// An element below the root.
#[derive(Debug, Default)]
pub(super) struct XmlRecord {
    /// The name of the element, without a namespace.
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    fields: Vec<XmlField>,
}

/// An element in a record. What is in it beside text is passed over.
#[derive(Debug)]
pub(super) struct XmlField {
    name: String,
    attributes: Vec<(String, String)>,
    pub(super) text: String,
}

impl XmlRecord {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        find(&self.attributes, name)
    }

    /// The first field of this name.
    pub(super) fn field(&self, name: &str) -> Option<&XmlField> {
        self.fields.iter().find(|field| field.name == name)
    }
}

impl XmlField {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        find(&self.attributes, name)
    }
}

fn find<'a>(attributes: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|(key, _)| key == name);
    found.map(|(_, value)| value.as_str())
}

/// Shows each record of a file, with those of its fields that have these names.
pub(super) fn each(
    text: impl Read,
    wanted: &[&str],
    mut see: impl FnMut(XmlRecord) -> io::Result<()>,
) -> io::Result<()> {
    let left = Rc::new(Cell::new(MAX_PIECE));
    let text = BufReader::with_capacity(
        1 << 16,
        InPieces {
            inner: text,
            left: Rc::clone(&left),
        },
    );
    let mut reader = Reader::from_reader(text);
    // An element without content begins and ends.
    reader.config_mut().expand_empty_elements = true;
    let (mut buffer, mut depth) = (Vec::new(), 0);
    let mut record = XmlRecord::default();
    let mut in_field = false;
    loop {
        buffer.clear();
        left.set(MAX_PIECE);
        match reader.read_event_into(&mut buffer).map_err(broken)? {
            Event::Start(element) => {
                match depth {
                    1 => {
                        record = XmlRecord {
                            name: name_of(&element),
                            attributes: attributes_of(&element)?,
                            fields: Vec::new(),
                        }
                    }
                    2 if wanted.contains(&&*name_of(&element)) => {
                        if record.fields.len() == MAX_FIELDS {
                            return Err(broken("a record of too many fields"));
                        }
                        record.fields.push(XmlField {
                            name: name_of(&element),
                            attributes: attributes_of(&element)?,
                            text: String::new(),
                        });
                        in_field = true;
                    }
                    MAX_DEPTH => return Err(broken("elements that are nested too deeply")),
                    _ => {}
                }
                depth += 1;
            }
            Event::End(_) => {
                depth -= 1;
                match depth {
                    1 => see(std::mem::take(&mut record))?,
                    2 => in_field = false,
                    _ => {}
                }
            }
            Event::Text(text) if in_field && depth == 3 => {
                if let Some(field) = record.fields.last_mut() {
                    field.text += &text.xml10_content();
                }
            }
            // It could name other files, or grow without end.
            Event::DocType(_) => return Err(broken("a document type, which none of these has")),
            Event::Eof if depth == 0 => return Ok(()),
            Event::Eof => return Err(broken("it ends within an element")),
            _ => {}
        }
    }
}

/// Without the prefix of a namespace.
fn name_of(element: &BytesStart<'_>) -> String {
    element.local_name().as_ref().to_owned()
}

fn attributes_of(element: &BytesStart<'_>) -> io::Result<Vec<(String, String)>> {
    let pair = |attribute: Result<quick_xml::events::attributes::Attribute<'_>, _>| {
        let attribute = attribute.map_err(broken)?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0);
        let key = attribute.key.as_ref().to_owned();
        Ok((key, value.map_err(broken)?.into_owned()))
    };
    element.attributes().take(MAX_FIELDS).map(pair).collect()
}

fn broken(error: impl ToString) -> io::Error {
    io::Error::other(error.to_string())
}

/// Fails where more is read than one piece may have.
struct InPieces<R> {
    inner: R,
    left: Rc<Cell<u64>>,
}

impl<R: Read> Read for InPieces<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let left = self.left.get().checked_sub(read as u64);
        self.left
            .set(left.ok_or_else(|| broken("a piece of more than 4 MiB"))?);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(text: &str) -> io::Result<Vec<XmlRecord>> {
        let mut all = Vec::new();
        each(text.as_bytes(), &["name", "size"], |record| {
            all.push(record);
            Ok(())
        })?;
        Ok(all)
    }

    #[test]
    fn the_fields_that_are_wanted_are_kept() {
        let text = "<?xml version='1.0'?><m><p type='a &amp; b'><name>x</name><size n='1'/>\
                    <rpm:other><name>inner</name></rpm:other></p><!-- no --><p/></m>";
        let all = records(text).unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].attribute("type"), Some("a & b"));
        assert_eq!(all[0].field("name").unwrap().text, "x");
        assert_eq!(all[0].field("size").unwrap().attribute("n"), Some("1"));
        assert!(all[0].fields.len() == 2 && all[1].field("name").is_none());
    }

    #[test]
    fn what_is_no_such_file_is_refused() {
        let deep = format!("<m>{}", "<a>".repeat(40));
        let fields = format!("<m><p>{}</p></m>", "<name/>".repeat(40));
        let long = format!("<m><p><name>{}</name></p></m>", "x".repeat(5 << 20));
        let bomb = "<!DOCTYPE m [<!ENTITY a 'b'>]><m><p><name>&a;</name></p></m>";
        for text in ["<m><p>", "<m></p>", "<m", bomb, &deep, &fields, &long] {
            assert!(records(text).is_err(), "{:.60}", text);
        }
    }
}
