//! The real corpus: CloudTrail files as they lie, cut into records whose bytes are kept (white space between tokens apart).

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The files in order.
#[derive(Debug)]
pub struct Corpus {
    /// Each file with its records.
    pub files: Vec<CorpusFile>,
}

/// One file.
#[derive(Debug)]
pub struct CorpusFile {
    /// Its name, without folders.
    pub name: String,
    /// Its records, each a JSON object without white space between tokens.
    pub records: Vec<String>,
}

impl Corpus {
    /// Reads `{"Records":[…]}` files and files with a record a line.
    pub fn read(paths: &[PathBuf]) -> Result<Corpus> {
        let mut files = Vec::new();
        for path in paths {
            walk(path, &mut files)?;
        }
        if files.iter().all(|f| f.records.is_empty()) {
            bail!("no CloudTrail record in the {} paths given", paths.len());
        }
        Ok(Corpus { files })
    }

    /// How many records there are.
    pub fn records(&self) -> u64 {
        self.files.iter().map(|f| f.records.len() as u64).sum()
    }

    /// Distinct values of a top-level text field.
    pub fn distinct(&self, field: &str) -> u64 {
        let all = self.files.iter().flat_map(|f| &f.records);
        let values: BTreeSet<String> =
            all.filter_map(|r| serde_json::from_str::<Value>(r).ok()).filter_map(|v| Some(v.get(field)?.as_str()?.to_owned())).collect();
        values.len() as u64
    }
}

fn walk(path: &Path, files: &mut Vec<CorpusFile>) -> Result<()> {
    if path.is_dir() {
        let mut inner: Vec<PathBuf> =
            fs::read_dir(path).with_context(|| format!("list {}", path.display()))?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
        inner.sort();
        return inner.iter().try_for_each(|p| walk(p, files));
    }
    let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let records = records(&text).with_context(|| format!("read {}", path.display()))?;
    files.push(CorpusFile { name, records });
    Ok(())
}

fn records(text: &str) -> Result<Vec<String>> {
    let starts_array = compact(text.get(..4096.min(text.len())).unwrap_or(text)).starts_with("{\"Records\":[");
    let objects = match (starts_array, text.find('[')) {
        (true, Some(at)) => text.get(at + 1..).unwrap_or_default(),
        _ => text,
    };
    let found = objects_of(objects);
    for record in &found {
        serde_json::from_str::<Value>(record).context("a record is not JSON")?;
    }
    Ok(found)
}

/// The objects at depth 0 of a text, in order; what lies between them is dropped.
fn objects_of(text: &str) -> Vec<String> {
    let (mut depth, mut from, mut in_string, mut escaped) = (0u32, 0, false, false);
    let mut found = Vec::new();
    for (at, b) in text.bytes().enumerate() {
        match (in_string, escaped, b) {
            (true, true, _) => escaped = false,
            (true, false, b'\\') => escaped = true,
            (_, false, b'"') => in_string = !in_string,
            (true, ..) => {}
            (false, _, b'{') => {
                if depth == 0 {
                    from = at;
                }
                depth += 1;
            }
            (false, _, b'}') if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    found.extend(text.get(from..=at).map(compact));
                }
            }
            _ => {}
        }
    }
    found
}

/// Takes out the white space between tokens.
fn compact(json: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    let keep = |c: &char| {
        match (in_string, escaped, c) {
            (true, true, _) => escaped = false,
            (true, false, '\\') => escaped = true,
            (_, false, '"') => in_string = !in_string,
            (false, _, ' ' | '\n' | '\r' | '\t') => return false,
            _ => {}
        }
        true
    };
    json.chars().filter(keep).collect()
}
