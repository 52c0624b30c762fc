//! An incremental update of a PDF: objects behind the end of the file, with a table of where they stand (ISO 32000-1 section 7.5.6).

use lopdf::{Dictionary, Object, ObjectId, StringFormat};

/// Objects to be put behind a file, in the order they are written.
pub(crate) struct Update {
    /// The file with the objects written so far.
    pub(crate) bytes: Vec<u8>,
    places: Vec<(ObjectId, usize)>,
}

impl Update {
    pub(crate) fn of(file: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(file.len() + 32 * 1024);
        bytes.extend_from_slice(file);
        if !bytes.ends_with(b"\n") {
            bytes.push(b'\n');
        }
        Self { bytes, places: Vec::new() }
    }

    /// Writes an object whose words are given.
    pub(crate) fn put_raw(&mut self, id: ObjectId, words: &[u8]) {
        self.places.push((id, self.bytes.len()));
        self.bytes.extend_from_slice(format!("{} {} obj\n", id.0, id.1).as_bytes());
        self.bytes.extend_from_slice(words);
        self.bytes.extend_from_slice(b"\nendobj\n");
    }

    pub(crate) fn put(&mut self, id: ObjectId, dictionary: &Dictionary) {
        let mut words = Vec::new();
        write_dictionary(&mut words, dictionary);
        self.put_raw(id, &words);
    }

    /// Writes the table as the file before has it: a table, or a stream where that was one.
    pub(crate) fn finish(mut self, mut trailer: Dictionary, previous: usize, stream: Option<u32>) -> Vec<u8> {
        self.places.sort_unstable();
        let start = self.bytes.len();
        trailer.set("Prev", Object::Integer(i64::try_from(previous).unwrap_or_default()));
        match stream {
            None => self.table(&trailer),
            Some(number) => self.stream(trailer, number, start),
        }
        self.bytes.extend_from_slice(format!("startxref\n{start}\n%%EOF\n").as_bytes());
        self.bytes
    }

    fn table(&mut self, trailer: &Dictionary) {
        self.bytes.extend_from_slice(b"xref\n");
        for run in runs(&self.places) {
            self.bytes.extend_from_slice(format!("{} {}\n", run[0].0.0, run.len()).as_bytes());
            for ((_, generation), place) in run {
                self.bytes.extend_from_slice(format!("{place:010} {generation:05} n\r\n").as_bytes());
            }
        }
        self.bytes.extend_from_slice(b"trailer\n");
        write_dictionary(&mut self.bytes, trailer);
        self.bytes.push(b'\n');
    }

    fn stream(&mut self, mut trailer: Dictionary, number: u32, start: usize) {
        // The stream has a line for itself.
        self.places.push(((number, 0), start));
        self.places.sort_unstable();
        let (mut index, mut lines) = (Vec::new(), Vec::new());
        for run in runs(&self.places) {
            index.push(Object::Integer(run[0].0.0.into()));
            index.push(Object::Integer(i64::try_from(run.len()).unwrap_or_default()));
            for ((_, generation), place) in run {
                lines.push(1);
                lines.extend_from_slice(&u32::try_from(*place).unwrap_or_default().to_be_bytes());
                lines.extend_from_slice(&generation.to_be_bytes());
            }
        }
        trailer.set("Type", Object::Name(b"XRef".to_vec()));
        trailer.set("Index", Object::Array(index));
        trailer.set("W", Object::Array(vec![Object::Integer(1), Object::Integer(4), Object::Integer(2)]));
        trailer.set("Length", Object::Integer(i64::try_from(lines.len()).unwrap_or_default()));
        self.bytes.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
        write_dictionary(&mut self.bytes, &trailer);
        self.bytes.extend_from_slice(b"\nstream\n");
        self.bytes.extend_from_slice(&lines);
        self.bytes.extend_from_slice(b"\nendstream\nendobj\n");
    }
}

/// The places in runs of numbers that follow each other.
fn runs(places: &[(ObjectId, usize)]) -> impl Iterator<Item = &[(ObjectId, usize)]> {
    places.chunk_by(|one, next| one.0.0 + 1 == next.0.0)
}

pub(crate) fn write_dictionary(out: &mut Vec<u8>, dictionary: &Dictionary) {
    out.extend_from_slice(b"<<");
    for (key, value) in dictionary {
        write_name(out, key);
        out.push(b' ');
        write(out, value);
    }
    out.extend_from_slice(b">>");
}

fn write(out: &mut Vec<u8>, object: &Object) {
    match object {
        Object::Null => out.extend_from_slice(b"null"),
        Object::Boolean(yes) => out.extend_from_slice(if *yes { b"true" } else { b"false" }),
        Object::Integer(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Object::Real(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Object::Name(name) => write_name(out, name),
        Object::String(bytes, _) => {
            out.push(b'<');
            out.extend(bytes.iter().flat_map(|byte| format!("{byte:02X}").into_bytes()));
            out.push(b'>');
        }
        Object::Array(items) => {
            out.push(b'[');
            for item in items {
                write(out, item);
                out.push(b' ');
            }
            out.push(b']');
        }
        Object::Dictionary(dictionary) => write_dictionary(out, dictionary),
        // A stream is never inside another object.
        Object::Stream(stream) => write_dictionary(out, &stream.dict),
        Object::Reference((number, generation)) => out.extend_from_slice(format!("{number} {generation} R").as_bytes()),
    }
}

fn write_name(out: &mut Vec<u8>, name: &[u8]) {
    out.push(b'/');
    for byte in name {
        if byte.is_ascii_alphanumeric() || b"-_.+:*".contains(byte) {
            out.push(*byte);
        } else {
            out.extend_from_slice(format!("#{byte:02X}").as_bytes());
        }
    }
}

/// A text as PDF has it: UTF-16 with a mark.
pub(crate) fn text(words: &str) -> Object {
    let bytes = [0xFE, 0xFF].into_iter().chain(words.encode_utf16().flat_map(u16::to_be_bytes)).collect();
    Object::String(bytes, StringFormat::Hexadecimal)
}
