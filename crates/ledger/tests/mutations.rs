//! Kinds of mutation. Outsiders have no key; insiders have the store's own key and seal what they did, so that the checks
//! behind the seal must find it.

use flate2::{Compression, write::DeflateEncoder};
use ledger::bundle::Extent;
use ledger::{Checkpoint, Note, SigningKey, VerifyingKey, base64, merkle};
use serde_json::{Value, json};
use std::io::Write as _;

use crate::fixture::{AUTH, Random, Store};

pub struct Bases<'a> {
    pub store: &'a Store,
    /// Another store of the same name with another key.
    pub stranger: &'a Store,
    pub range: Vec<u8>,
    pub selection: Vec<u8>,
}

type Kind = fn(&Bases<'_>, &mut Random) -> Vec<u8>;

/// The one kind that holds by its own key.
pub const STRANGER: &str = "stranger's bundle";

pub const KINDS: &[(&str, Kind)] = &[
    // Outsiders.
    ("bit flipped", |b, r| with(b.any(r), |zip| flip(zip, r))),
    ("byte replaced", |b, r| with(b.any(r), |zip| *pick(zip, r) = r.next() as u8)),
    ("cut", |b, r| with(b.any(r), |zip| zip.truncate(r.below(zip.len())))),
    ("bytes after the end", |b, r| with(b.any(r), |zip| zip.extend((0..=r.below(9)).map(|_| r.next() as u8)))),
    ("byte put in", |b, r| with(b.any(r), |zip| zip.insert(r.below(zip.len()), r.next() as u8))),
    ("byte taken out", |b, r| {
        with(b.any(r), |zip| {
            zip.remove(r.below(zip.len()));
        })
    }),
    ("directory altered", |b, r| {
        with(b.any(r), |zip| {
            let start = zip.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
            flip(&mut zip[start..], r);
        })
    }),
    ("packed anew", |b, r| Zip::open(b.any(r)).pack(r.below(6) as u32, r.next())),
    ("member removed, digests fixed", |b, r| stale(b.any(r), |zip| drop(zip.members.remove(r.below(zip.members.len() - 1))))),
    ("record altered, digests fixed", |b, r| stale(b.any(r), |zip| flip(zip.get("records.bin"), r))),
    ("manifest altered", |b, r| stale(b.any(r), |zip| zip.manifest(|m| m["asked"] = json!(format!("asked {}", r.next()))))),
    ("checkpoint altered", |b, r| stale(b.any(r), |zip| flip(zip.get("checkpoint"), r))),
    ("node altered", |b, r| stale(b.any(r), |zip| flip(zip.get("proofs.bin"), r))),
    ("events altered", |b, r| stale(&b.range, |zip| flip(zip.get("events.jsonl"), r))),
    ("another's key put in", |b, r| stale(b.any(r), |zip| *zip.get("key") = vkey_line(&b.stranger.key, r))),
    (STRANGER, |b, r| {
        let zip = if r.below(2) == 0 { b.stranger.range() } else { b.stranger.selection() };
        b.stranger.write(&ledger::bundle::Bundle { asked: format!("{}", r.next()), ..zip })
    }),
    ("sealed by a stranger", |b, r| sealed_by(&b.stranger.key, b.any(r), |zip| zip.manifest(|m| m["asked"] = json!(format!("{}", r.next()))))),
    ("stranger's seal, key and checkpoint on altered records", |b, r| {
        sealed_by(&b.stranger.key, b.any(r), |zip| {
            flip(zip.get("records.bin"), r);
            *zip.get("key") = format!("{}\n", b.stranger.key.verifying_key()).into_bytes();
            zip.checkpoint(&b.stranger.key, |_| {});
        })
    }),
    // Insiders.
    ("sealed: record altered", |b, r| sealed(b, b.any(r), |zip| flip(zip.get("records.bin"), r))),
    ("sealed: record longer", |b, r| {
        sealed(b, b.any(r), |zip| {
            let (batch, item) = zip.choose(r);
            zip.manifest(|m| number(&mut m["batches"][batch]["items"][item]["length"], 1));
            let at = zip.offset(batch, item);
            zip.get("records.bin").insert(at, r.next() as u8);
        })
    }),
    ("sealed: piece removed", |b, r| {
        sealed(b, b.any(r), |zip| {
            let (batch, item) = zip.choose(r);
            zip.remove(batch, item);
        })
    }),
    ("sealed: piece removed, proofs made anew, still called a range", |b, r| {
        let gap = 6 + r.below(34) as u64;
        let part = b.store.bundle(Extent::Selection, |source, seq| source == AUTH && (5..=40).contains(&seq) && seq != gap);
        sealed(b, &b.store.write(&part), |zip| {
            zip.manifest(|m| {
                m["kind"] = json!("range");
                m["ranges"] = json!([{"source": AUTH, "first_seq": 5, "last_seq": 40}]);
            })
        })
    }),
    ("sealed: piece twice", |b, r| {
        sealed(b, b.any(r), |zip| {
            let (batch, item) = zip.choose(r);
            let (from, length) = (zip.offset(batch, item), zip.length(batch, item));
            let bytes = zip.get("records.bin")[from..from + length].to_vec();
            zip.get("records.bin").splice(from..from, bytes);
            zip.items(batch, |items| items.insert(item, items[item].clone()));
        })
    }),
    ("sealed: two pieces change places", |b, r| {
        sealed(b, &b.range, |zip| {
            let (batch, item) = zip.choose(r);
            let (from, first, second) = (zip.offset(batch, item), zip.length(batch, item), zip.length(batch, item + 1));
            zip.get("records.bin")[from..from + first + second].rotate_left(first);
            zip.items(batch, |items| items.swap(item, item + 1));
        })
    }),
    ("sealed: two pieces change bytes", |b, r| {
        sealed(b, &b.range, |zip| {
            let (batch, item) = zip.choose(r);
            let (from, first, second) = (zip.offset(batch, item), zip.length(batch, item), zip.length(batch, item + 1));
            zip.get("records.bin")[from..from + first + second].rotate_left(first);
            zip.items(batch, |items| {
                (items[item]["length"], items[item + 1]["length"]) = (json!(second), json!(first));
                let salt = items[item]["salt"].take();
                items[item]["salt"] = std::mem::replace(&mut items[item + 1]["salt"], salt);
            });
        })
    }),
    ("sealed: bytes moved to the next piece", |b, r| {
        sealed(b, &b.range, |zip| {
            let (batch, item) = zip.choose(r);
            zip.items(batch, |items| {
                number(&mut items[item]["length"], -1);
                number(&mut items[item + 1]["length"], 1);
            });
        })
    }),
    ("sealed: salt altered", |b, r| {
        sealed(b, b.any(r), |zip| {
            let (batch, item) = zip.choose(r);
            let salt: Vec<u8> = (0..16).map(|_| r.next() as u8).collect();
            zip.items(batch, |items| items[item]["salt"] = json!(base64(salt)));
        })
    }),
    ("sealed: salt in another spelling", |b, r| {
        sealed(b, b.any(r), |zip| {
            let (batch, item) = zip.choose(r);
            zip.items(batch, |items| {
                let salt = items[item]["salt"].as_str().unwrap().to_owned();
                let last = char::from(salt.as_bytes()[21] + 1 + r.below(2) as u8);
                items[item]["salt"] = json!(format!("{}{last}==", &salt[..21]));
            });
        })
    }),
    ("sealed: seq altered", |b, r| {
        sealed(b, b.any(r), |zip| {
            let (batch, item) = zip.choose(r);
            zip.items(batch, |items| number(&mut items[item]["seq"], 1 + r.below(99) as i64));
        })
    }),
    ("sealed: node altered", |b, r| sealed(b, b.any(r), |zip| flip(zip.get("proofs.bin"), r))),
    ("sealed: node removed", |b, r| {
        sealed(b, b.any(r), |zip| {
            let proofs = zip.get("proofs.bin");
            let at = r.below(proofs.len() / 32) * 32;
            proofs.drain(at..at + 32);
        })
    }),
    ("sealed: node added", |b, r| {
        sealed(b, b.any(r), |zip| {
            let proofs = zip.get("proofs.bin");
            let at = r.below(proofs.len() / 32 + 1) * 32;
            proofs.splice(at..at, (0..32).map(|_| r.next() as u8));
        })
    }),
    ("sealed: part of a node added", |b, r| sealed(b, b.any(r), |zip| zip.get("proofs.bin").extend((0..=r.below(31)).map(|_| r.next() as u8)))),
    ("sealed: nodes change places", |b, r| {
        sealed(b, &b.selection, |zip| {
            let proofs = zip.get("proofs.bin");
            let at = r.below(proofs.len() / 32 - 1) * 32;
            proofs[at..at + 64].rotate_left(32);
        })
    }),
    ("sealed: entry altered", |b, r| {
        sealed(b, b.any(r), |zip| {
            let field = ["number", "first_seq", "count", "received_us", "index"][r.below(5)];
            let (batch, by) = (r.below(zip.batches()), 1 + r.below(9) as i64);
            zip.manifest(|m| number(&mut m["batches"][batch][field], by));
        })
    }),
    ("sealed: entry of another source", |b, r| {
        sealed(b, b.any(r), |zip| {
            let batch = r.below(zip.batches());
            zip.manifest(|m| m["batches"][batch]["source"] = json!(format!("web-{}/auth.log", 2 + r.below(999))));
        })
    }),
    ("sealed: entry's root altered", |b, r| {
        sealed(b, b.any(r), |zip| {
            let (batch, root) = (r.below(zip.batches()), merkle::sha256(&r.next().to_be_bytes()));
            zip.manifest(|m| m["batches"][batch]["root"] = json!(base64(root)));
        })
    }),
    ("sealed: batches change places", |b, r| {
        sealed(b, b.any(r), |zip| {
            let batch = r.below(zip.batches() - 1);
            zip.manifest(|m| m["batches"].as_array_mut().unwrap().swap(batch, batch + 1));
        })
    }),
    ("sealed: batch removed", |b, r| {
        sealed(b, b.any(r), |zip| {
            let batch = r.below(zip.batches());
            let items = zip.item_count(batch);
            (0..items).rev().for_each(|item| zip.remove(batch, item));
            zip.manifest(|m| drop(m["batches"].as_array_mut().unwrap().remove(batch)));
        })
    }),
    ("sealed: batch emptied", |b, r| {
        sealed(b, b.any(r), |zip| {
            let batch = r.below(zip.batches());
            let items = zip.item_count(batch);
            (0..items).rev().for_each(|item| zip.remove(batch, item));
        })
    }),
    ("sealed: checkpoint of another size", |b, r| sealed(b, b.any(r), |zip| zip.checkpoint(&b.store.key, |c| c.size += 1 + r.below(99) as u64))),
    ("sealed: checkpoint of another root", |b, r| sealed(b, b.any(r), |zip| zip.checkpoint(&b.store.key, |c| flip(&mut c.root, r)))),
    ("sealed: checkpoint of another log", |b, r| sealed(b, b.any(r), |zip| zip.checkpoint(&b.store.key, |c| c.origin = format!("log-{}", r.next())))),
    ("sealed: checkpoint altered", |b, r| sealed(b, b.any(r), |zip| flip(zip.get("checkpoint"), r))),
    ("sealed: range altered", |b, r| {
        sealed(b, &b.range, |zip| {
            let (range, field, by) = (r.below(2), ["first_seq", "last_seq"][r.below(2)], 1 + r.below(99) as i64);
            zip.manifest(|m| number(&mut m["ranges"][range][field], by));
        })
    }),
    ("sealed: range removed", |b, r| {
        sealed(b, &b.range, |zip| {
            zip.manifest(|m| {
                m["asked"] = json!(format!("{}", r.next()));
                m["ranges"].as_array_mut().unwrap().remove(r.below(2));
            })
        })
    }),
    ("sealed: ranges change places", |b, r| {
        sealed(b, &b.range, |zip| {
            zip.manifest(|m| {
                m["asked"] = json!(format!("{}", r.next()));
                m["ranges"].as_array_mut().unwrap().swap(0, 1);
            })
        })
    }),
    ("sealed: other kind", |b, r| {
        sealed(b, b.any(r), |zip| {
            zip.manifest(|m| {
                m["asked"] = json!(format!("{}", r.next()));
                m["kind"] = json!(if m["kind"] == "range" { "selection" } else { "range" });
            })
        })
    }),
    ("sealed: books altered", |b, r| {
        sealed(b, &b.range, |zip| {
            let books = zip.get("books");
            let digits: Vec<usize> = (15..books.len()).filter(|&at| books[at].is_ascii_digit()).collect();
            books[digits[r.below(digits.len())]] = b'1' + r.below(9) as u8;
        })
    }),
    ("sealed: books at another place", |b, r| sealed(b, &b.range, |zip| zip.manifest(|m| m["books"] = json!(r.below(99) + 4)))),
    ("sealed: books removed", |b, r| {
        sealed(b, &b.range, |zip| {
            zip.members.retain(|(name, _)| name != "books");
            zip.manifest(|m| {
                m["asked"] = json!(format!("{}", r.next()));
                m["books"] = [json!(null), json!(3)][r.below(2)].clone();
            });
        })
    }),
    ("sealed: books not in the log", |b, r| {
        sealed(b, &b.selection, |zip| {
            zip.members.insert(0, ("books".into(), b.store.books.1.text().into_bytes()));
            zip.manifest(|m| m["books"] = [json!(null), json!(3), json!(r.below(99) + 4)][r.below(3)].clone());
        })
    }),
    ("sealed: member that is not listed", |b, r| {
        unlisted(b, &b.selection, |zip| {
            let at = zip.members.iter().position(|(name, _)| name == "key").unwrap();
            zip.members.insert(at, ("events.jsonl".into(), r.next().to_be_bytes().to_vec()));
        })
    }),
    ("sealed: unknown member", |b, r| {
        sealed(b, b.any(r), |zip| {
            let at = zip.members.len() - 1;
            zip.members.insert(at, (format!("s-{}", r.below(1000)), vec![]));
        })
    }),
    ("sealed: member not as listed", |b, r| {
        unlisted(b, b.any(r), |zip| {
            let (at, field) = (r.below(4), ["name", "sha256"][r.below(2)]);
            zip.manifest(|m| m["members"][at][field] = json!(base64(merkle::sha256(&r.next().to_be_bytes()))));
        })
    }),
    ("sealed: listing out of order", |b, r| {
        unlisted(b, b.any(r), |zip| {
            zip.manifest(|m| {
                m["asked"] = json!(format!("{}", r.next()));
                m["members"].as_array_mut().unwrap().swap(r.below(2), 2 + r.below(2));
            })
        })
    }),
    ("sealed: member twice", |b, r| {
        sealed(b, b.any(r), |zip| {
            let at = r.below(zip.members.len() - 1);
            zip.members.insert(at, zip.members[at].clone());
        })
    }),
    ("sealed: members change places", |b, r| {
        sealed(b, b.any(r), |zip| {
            let (at, count) = (r.below(zip.members.len() - 2), zip.members.len() - 1);
            let other = at + 1 + r.below(count - at - 1);
            zip.members.swap(at, other);
        })
    }),
    ("sealed: member renamed", |b, r| {
        sealed(b, b.any(r), |zip| {
            let at = r.below(zip.members.len() - 1);
            flip_low(&mut zip.members[at].0, r);
        })
    }),
    ("sealed: manifest with white space", |b, r| {
        unlisted(b, b.any(r), |zip| {
            let manifest = zip.get("manifest.json");
            let commas: Vec<usize> = (0..manifest.len()).filter(|&at| manifest[at..].starts_with(b",\"")).collect();
            manifest.insert(commas[r.below(commas.len())] + 1, b' ');
        })
    }),
    ("sealed: manifest with another key", |b, r| unlisted(b, b.any(r), |zip| zip.manifest(|m| m[format!("key{}", r.below(999))] = json!(r.next())))),
    ("sealed: manifest with a key twice", |b, r| {
        unlisted(b, b.any(r), |zip| {
            let twice = format!("{{\"asked\":\"{}\",", r.next());
            zip.get("manifest.json").splice(..1, twice.into_bytes());
        })
    }),
    ("sealed: number in another form", |b, r| {
        unlisted(b, b.any(r), |zip| {
            let (batch, wrong) = (r.below(zip.batches()), [json!(true), json!("1"), json!(-1), json!(1.5), json!(null), json!([1])][r.below(6)].clone());
            let field = ["number", "first_seq", "count", "received_us", "index"][r.below(5)];
            zip.manifest(|m| m["batches"][batch][field] = wrong);
        })
    }),
    ("sealed: key without newline", |b, r| {
        sealed(b, b.any(r), |zip| {
            zip.manifest(|m| m["asked"] = json!(format!("{}", r.next())));
            let key = zip.get("key");
            key.truncate(key.len() - 1);
            key.extend([b"".as_slice(), b" \n", b"\n\n", b"\n#\n"][r.below(4)]);
        })
    }),
    ("sealed: bytes after a deflate stream", |b, r| {
        with(b.any(r), |zip| {
            let mut parts = Zip::open(zip);
            parts.relist();
            let member = r.below(parts.members.len() - 1);
            *zip = parts.seal_with(&b.store.key, member, r.next() as u8);
        })
    }),
    ("sealed twice", |b, r| {
        let mut zip = Zip::open(b.any(r));
        zip.manifest(|m| m["asked"] = json!(format!("{}", r.next())));
        let mut note = zip.note(&b.store.key);
        note.cosign(if r.below(2) == 0 { &b.store.key } else { &b.stranger.key }).unwrap();
        *zip.get("seal") = note.to_string().into_bytes();
        zip.pack(6, 0)
    }),
    ("sealed: seal over other bytes", |b, r| {
        let mut zip = Zip::open(b.any(r));
        let text = format!("muster/bundle/1\nbytes {}\nsha256 {}\n", r.below(9999), base64(merkle::sha256(&r.next().to_be_bytes())));
        *zip.get("seal") = Note::sign(&text, &b.store.key).unwrap().to_string().into_bytes();
        zip.pack(6, 0)
    }),
];

impl Bases<'_> {
    fn any(&self, random: &mut Random) -> &[u8] {
        if random.below(2) == 0 { &self.range } else { &self.selection }
    }
}

fn with(base: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut zip = base.to_vec();
    change(&mut zip);
    zip
}

/// Digests and the seal's text fit again; its signature does not.
fn stale(base: &[u8], change: impl FnOnce(&mut Zip)) -> Vec<u8> {
    let mut zip = Zip::open(base);
    change(&mut zip);
    zip.relist();
    let seal = String::from_utf8(zip.get("seal").clone()).unwrap();
    let text = zip.seal_text();
    *zip.get("seal") = format!("{text}\n{}", seal.rsplit_once("\n\n").unwrap().1).into_bytes();
    zip.pack(6, 0)
}

fn sealed(bases: &Bases<'_>, base: &[u8], change: impl FnOnce(&mut Zip)) -> Vec<u8> {
    sealed_by(&bases.store.key, base, change)
}

fn sealed_by(key: &SigningKey, base: &[u8], change: impl FnOnce(&mut Zip)) -> Vec<u8> {
    let mut zip = Zip::open(base);
    change(&mut zip);
    zip.relist();
    zip.seal(key)
}

/// Sealed by the store, the listing as the change left it.
fn unlisted(bases: &Bases<'_>, base: &[u8], change: impl FnOnce(&mut Zip)) -> Vec<u8> {
    let mut zip = Zip::open(base);
    change(&mut zip);
    zip.seal(&bases.store.key)
}

fn pick<'a>(bytes: &'a mut [u8], random: &mut Random) -> &'a mut u8 {
    let at = random.below(bytes.len());
    &mut bytes[at]
}

fn flip(bytes: &mut [u8], random: &mut Random) {
    *pick(bytes, random) ^= 1 << random.below(8);
}

fn flip_low(name: &mut String, random: &mut Random) {
    let mut bytes = std::mem::take(name).into_bytes();
    *pick(&mut bytes, random) ^= 1 << random.below(3);
    *name = String::from_utf8(bytes).unwrap();
}

fn number(value: &mut Value, by: i64) {
    *value = json!(value.as_u64().unwrap() as i64 + by);
}

fn vkey_line(key: &SigningKey, random: &mut Random) -> Vec<u8> {
    let seed = std::array::from_fn(|_| random.next() as u8);
    let other: VerifyingKey = SigningKey::from_seed(key.name(), &seed).unwrap().verifying_key();
    format!("{other}\n").into_bytes()
}

/// A bundle taken apart, by code that shares nothing with the crate's.
pub struct Zip {
    pub members: Vec<(String, Vec<u8>)>,
}

impl Zip {
    fn open(mut zip: &[u8]) -> Zip {
        let word = |at: usize, zip: &[u8]| u32::from_le_bytes(zip[at..at + 4].try_into().unwrap()) as usize;
        let mut members = Vec::new();
        while zip.starts_with(b"PK\x03\x04") {
            let (packed, size, name) = (word(18, zip), word(22, zip), usize::from(zip[26]));
            let content = &zip[30 + name..30 + name + packed];
            let mut out = Vec::with_capacity(size + 1);
            if zip[8] == 0 {
                out.extend(content);
            } else {
                flate2::Decompress::new(false).decompress_vec(content, &mut out, flate2::FlushDecompress::Finish).unwrap();
            }
            members.push((String::from_utf8(zip[30..30 + name].to_vec()).unwrap(), out));
            zip = &zip[30 + name + packed..];
        }
        Zip { members }
    }

    fn get(&mut self, name: &str) -> &mut Vec<u8> {
        &mut self.members.iter_mut().find(|member| member.0 == name).unwrap().1
    }

    fn manifest(&mut self, change: impl FnOnce(&mut Value)) {
        let mut manifest = self.read();
        change(&mut manifest);
        *self.get("manifest.json") = serde_json::to_vec(&manifest).unwrap();
    }

    fn read(&self) -> Value {
        let manifest = self.members.iter().find(|member| member.0 == "manifest.json").unwrap();
        serde_json::from_slice(&manifest.1).unwrap()
    }

    fn items(&mut self, batch: usize, change: impl FnOnce(&mut Vec<Value>)) {
        self.manifest(|m| change(m["batches"][batch]["items"].as_array_mut().unwrap()));
    }

    fn batches(&self) -> usize {
        self.read()["batches"].as_array().unwrap().len()
    }

    fn item_count(&self, batch: usize) -> usize {
        self.read()["batches"][batch]["items"].as_array().unwrap().len()
    }

    /// A piece that is not empty and not the last of its batch.
    fn choose(&self, random: &mut Random) -> (usize, usize) {
        loop {
            let batch = random.below(self.batches());
            let count = self.item_count(batch);
            let item = random.below(count);
            if item + 1 < count && self.length(batch, item) > 0 {
                return (batch, item);
            }
        }
    }

    fn length(&self, batch: usize, item: usize) -> usize {
        self.read()["batches"][batch]["items"][item]["length"].as_u64().unwrap() as usize
    }

    /// Where a piece begins in the records.
    fn offset(&self, batch: usize, item: usize) -> usize {
        let manifest = self.read();
        let lengths = |batch: &Value| batch["items"].as_array().unwrap().iter().map(|i| i["length"].as_u64().unwrap() as usize).collect::<Vec<_>>();
        let batches = manifest["batches"].as_array().unwrap();
        batches[..batch].iter().flat_map(lengths).sum::<usize>() + lengths(&batches[batch])[..item].iter().sum::<usize>()
    }

    fn remove(&mut self, batch: usize, item: usize) {
        let (from, length) = (self.offset(batch, item), self.length(batch, item));
        self.get("records.bin").drain(from..from + length);
        self.items(batch, |items| drop(items.remove(item)));
    }

    fn checkpoint(&mut self, key: &SigningKey, change: impl FnOnce(&mut Checkpoint)) {
        let note = Note::parse(std::str::from_utf8(self.get("checkpoint")).unwrap()).unwrap();
        let mut checkpoint = Checkpoint::parse(note.text()).unwrap();
        change(&mut checkpoint);
        *self.get("checkpoint") = Note::sign(&checkpoint.text(), key).unwrap().to_string().into_bytes();
    }

    /// Makes the manifest's listing fit the members, if there is a manifest.
    fn relist(&mut self) {
        let listed = |(name, content): &(String, Vec<u8>)| json!({"name": name, "bytes": content.len(), "sha256": base64(merkle::sha256(content))});
        let others = self.members.iter().filter(|member| !["manifest.json", "seal"].contains(&member.0.as_str()));
        let members: Value = others.map(listed).collect();
        if self.members.iter().any(|member| member.0 == "manifest.json") {
            self.manifest(|m| m["members"] = members);
        }
    }

    fn seal(mut self, key: &SigningKey) -> Vec<u8> {
        *self.get("seal") = self.note(key).to_string().into_bytes();
        self.pack(6, 0)
    }

    fn note(&self, key: &SigningKey) -> Note {
        Note::sign(&self.seal_text(), key).unwrap()
    }

    fn seal_text(&self) -> String {
        seal_text(&self.body(6, |_| Vec::new(), 0).0)
    }

    /// Sealed, with a byte after the deflate stream of one member.
    fn seal_with(mut self, key: &SigningKey, member: usize, byte: u8) -> Vec<u8> {
        let more = |at: usize| if at == member { vec![byte] } else { Vec::new() };
        let text = seal_text(&self.body(6, more, 0).0);
        *self.get("seal") = Note::sign(&text, key).unwrap().to_string().into_bytes();
        self.finish(self.body(6, more, 0))
    }

    /// The zip. Attributes other than 0 are in the header of the first member.
    fn pack(&self, level: u32, attributes: u64) -> Vec<u8> {
        self.finish(self.body(level, |_| Vec::new(), attributes as u16))
    }

    /// All members but the seal, and the directory's lines for them.
    fn body(&self, level: u32, more: impl Fn(usize) -> Vec<u8>, time: u16) -> (Vec<u8>, Vec<u8>) {
        let (mut out, mut directory) = (Vec::new(), Vec::new());
        for (at, (name, content)) in self.members.iter().enumerate().filter(|(_, member)| member.0 != "seal") {
            let mut packer = DeflateEncoder::new(Vec::new(), Compression::new(level));
            packer.write_all(content).unwrap();
            let packed = [packer.finish().unwrap(), more(at)].concat();
            member(&mut out, &mut directory, name, (8, if at == 0 { time } else { 0 }), content, &packed);
        }
        (out, directory)
    }

    fn finish(&self, (mut out, mut directory): (Vec<u8>, Vec<u8>)) -> Vec<u8> {
        if let Some((name, seal)) = self.members.iter().find(|member| member.0 == "seal") {
            member(&mut out, &mut directory, name, (0, 0), seal, seal);
        }
        let (count, size, offset) = ((self.members.len() as u16).to_le_bytes(), (directory.len() as u32).to_le_bytes(), (out.len() as u32).to_le_bytes());
        [out.as_slice(), &directory, b"PK\x05\x06\0\0\0\0", &count, &count, &size, &offset, &[0; 2]].concat()
    }
}

fn seal_text(before: &[u8]) -> String {
    format!("muster/bundle/1\nbytes {}\nsha256 {}\n", before.len(), base64(merkle::sha256(before)))
}

fn member(out: &mut Vec<u8>, directory: &mut Vec<u8>, name: &str, (method, time): (u16, u16), content: &[u8], packed: &[u8]) {
    let halves: Vec<u8> = [20, 0, method, time, 0x21].iter().flat_map(|half: &u16| half.to_le_bytes()).collect();
    let words: Vec<u8> =
        [crc32fast::hash(content), packed.len() as u32, content.len() as u32, name.len() as u32].iter().flat_map(|word| word.to_le_bytes()).collect();
    directory.extend([b"PK\x01\x02\x14\0", halves.as_slice(), &words, &[0; 10], &(out.len() as u32).to_le_bytes(), name.as_bytes()].concat());
    out.extend([b"PK\x03\x04", halves.as_slice(), &words, name.as_bytes(), packed].concat());
}
