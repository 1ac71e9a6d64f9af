//! Signed notes (C2SP `signed-note`): a text, a blank line, and a line for each signature.

use std::fmt;

use crate::key::KeyId;
use crate::text::{decode, encode};
use crate::{Error, Result, SigningKey, VerifyingKey};

/// The longest note that is read, in bytes.
pub const NOTE_BYTES_MAX: usize = 1 << 20;
/// The most signatures that a note may have.
pub const SIGNATURES_MAX: usize = 100;

/// A text with signatures. Nothing of it is to be believed before [`Note::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Line>,
}

/// A signature line: `— name base64(id || signature)`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    name: String,
    id: KeyId,
    signature: Vec<u8>,
}

impl Line {
    fn parse(line: &str) -> Option<Line> {
        let (name, data) = line.strip_prefix("— ")?.split_once(' ')?;
        let data = decode(data)?;
        let (id, signature) = data.split_first_chunk::<4>()?;
        let clean = !name.is_empty() && !signature.is_empty() && !name.chars().any(|c| c.is_whitespace() || c == '+');
        clean.then(|| Line { name: name.to_owned(), id: *id, signature: signature.to_vec() })
    }
}

impl Note {
    /// Signs a text, which must end in a newline and have no control characters else.
    pub fn sign(text: &str, key: &SigningKey) -> Result<Note> {
        check_text(text)?;
        let mut note = Note { text: text.to_owned(), signatures: Vec::new() };
        note.cosign(key)?;
        Ok(note)
    }

    /// Adds a signature.
    pub fn cosign(&mut self, key: &SigningKey) -> Result<()> {
        if self.signatures.len() >= SIGNATURES_MAX {
            return Err(Error::Note("it has 100 signatures already"));
        }
        let signature = key.sign(self.text.as_bytes()).to_vec();
        self.signatures.push(Line { name: key.name().to_owned(), id: key.verifying_key().id(), signature });
        Ok(())
    }

    /// Reads a note; `Display` writes the same bytes again.
    pub fn parse(note: &str) -> Result<Note> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(Error::Note("longer than 1 MiB"));
        }
        let at = note.rfind("\n\n").ok_or(Error::Note("no blank line before the signatures"))?;
        let (text, lines) = note.split_at_checked(at + 1).ok_or(Error::Note("no blank line before the signatures"))?;
        check_text(text)?;
        let lines = lines.strip_prefix('\n').and_then(|l| l.strip_suffix('\n')).ok_or(Error::Note("no signature line"))?;
        if lines.split('\n').count() > SIGNATURES_MAX {
            return Err(Error::Note("more than 100 signatures"));
        }
        let signatures = lines.split('\n').map(Line::parse).collect::<Option<Vec<Line>>>();
        Ok(Note { text: text.to_owned(), signatures: signatures.ok_or(Error::Note("a signature line is not `— name base64`"))? })
    }

    /// The text, if the key signed it. Signatures of other keys do not matter; one of this key that does not fit does.
    pub fn verify(&self, key: &VerifyingKey) -> Result<&str> {
        let id = key.id();
        let mut signed = false;
        for line in self.signatures.iter().filter(|line| line.name == key.name() && line.id == id) {
            let fits = <&[u8; 64]>::try_from(line.signature.as_slice()).is_ok_and(|s| key.verify(self.text.as_bytes(), s));
            if !fits {
                return Err(Error::Signature(key.name().to_owned()));
            }
            signed = true;
        }
        if signed { Ok(&self.text) } else { Err(Error::Unsigned(key.name().to_owned())) }
    }

    /// The text, unchecked.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many signatures it has, of any key.
    pub fn signatures(&self) -> usize {
        self.signatures.len()
    }
}

fn check_text(text: &str) -> Result<()> {
    if !text.ends_with('\n') {
        return Err(Error::Note("the text does not end in a newline"));
    }
    if text.chars().any(|c| c < ' ' && c != '\n') {
        return Err(Error::Note("control characters in the text"));
    }
    Ok(())
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for Line { name, id, signature } in &self.signatures {
            let data = [id.as_slice(), signature].concat();
            writeln!(f, "— {name} {}", encode(data))?;
        }
        Ok(())
    }
}
