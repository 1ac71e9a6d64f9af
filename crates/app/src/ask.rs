//! What a person typed, made into entities that the logs know; and the folders of registry and plan, read.

use std::{
    collections::BTreeSet,
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use event::{
    Column, Entity, Filter, Kind, Pattern,
    filter::Place::{self, End, Start},
};
use lake::Lake;

use crate::cli::{Global, WrongUse};

/// How many names that are near to an unknown one are shown.
const NEAREST: usize = 5;
/// How many names of a column one bare name can stand for, and how many are compared with one that is unknown.
const NAMES_MAX: usize = 200_000;
/// The largest file of a registry, a plan or rules.
const YAML_BYTES_MAX: u64 = 4 << 20;

/// An indicator, found or not.
#[derive(Debug)]
pub struct Found {
    /// As typed.
    pub asked: String,
    /// What it means in these logs; empty if they have nothing of it.
    pub entities: Vec<Entity>,
    /// What was looked for.
    pub searched: Vec<Entity>,
    /// Names in the logs that are near to it, if nothing was found.
    pub nearest: Vec<Entity>,
    /// There are more names than are looked at: some that are meant, or nearer, may be missing.
    pub cut: bool,
}

/// Finds what an indicator means in the logs. A bare name may be a host, a user on any machine, or a resource.
pub fn find(lake: &Lake, asked: &str) -> anyhow::Result<Found> {
    let found = find_among(lake, asked, NAMES_MAX)?;
    if found.cut && !found.entities.is_empty() {
        eprintln!("muster: `{}` stands for more than {NAMES_MAX} names; only those with most events are taken", crate::show::harmless(asked));
    }
    Ok(found)
}

fn find_among(lake: &Lake, asked: &str, names_max: usize) -> anyhow::Result<Found> {
    let searched = Entity::guess(asked);
    if searched.is_empty() {
        return Err(WrongUse("an empty indicator; give an address, user, host, credential or resource".into()).into());
    }
    let mut entities = Vec::new();
    for e in &searched {
        if lake.count(&Filter::touching(std::slice::from_ref(e)))? > 0 {
            entities.push(e.clone());
        }
    }
    let bare = searched.len() > 1 || (searched.iter().all(|e| e.kind == Kind::User) && !asked.contains('@') && !asked.contains("arn:"));
    let mut cut = false;
    if bare {
        let (short, more) = by_short_name(lake, asked, names_max)?;
        entities.extend(short.into_iter().filter(|e| !searched.contains(e)));
        cut = more;
    }
    let mut near = Vec::new();
    if entities.is_empty() {
        (near, cut) = nearest(lake, &searched, names_max)?;
    }
    Ok(Found { asked: asked.to_owned(), entities, searched, nearest: near, cut })
}

/// `alice` is `alice@web-1` and `arn:aws:iam::…:user/alice`; `customer-exports` is the bucket of that name; `db-1` is
/// `db-1.example`. And whether there are more than `most` of a kind.
fn by_short_name(lake: &Lake, asked: &str, most: usize) -> anyhow::Result<(Vec<Entity>, bool)> {
    let name = asked.split_once(':').filter(|(k, _)| Kind::ALL.iter().any(|kind| kind.name() == *k)).map_or(asked, |(_, v)| v);
    let user = || vec![(Start, format!("{name}@")), (End, format!("user/{name}")), (End, format!("role/{name}"))];
    let (mut found, mut cut) = (BTreeSet::new(), false);
    for (column, shapes) in [
        (Column::User, user()),
        (Column::TargetUser, user()),
        (Column::Host, vec![(Start, format!("{name}."))]),
        (Column::Resource, vec![(End, format!(":{name}")), (End, format!("/{name}"))]),
    ] {
        let Some(kind) = column.kind() else { continue };
        let like = |(place, text): (Place, String)| Filter::Like(column, Pattern { text, place, any_case: false });
        let values = lake.groups(&Filter::Or(shapes.into_iter().map(like).collect()), column, most + 1)?;
        cut |= values.len() > most;
        found.extend(values.into_iter().take(most).map(|(value, _)| Entity { kind, value }));
    }
    Ok((found.into_iter().collect(), cut))
}

/// The values in the logs that are most like what was asked; and whether there are more than `most` of a column, of which
/// only so many were compared.
fn nearest(lake: &Lake, searched: &[Entity], most: usize) -> anyhow::Result<(Vec<Entity>, bool)> {
    let (mut found, mut cut) = (Vec::new(), false);
    for wanted in searched {
        for &column in Column::ALL.iter().filter(|c| c.kind() == Some(wanted.kind)) {
            let mut values = lake.distinct(column, most + 1)?;
            cut |= values.len() > most;
            values.truncate(most);
            for value in respond::words::alike(&wanted.value, values.iter().map(String::as_str), NEAREST) {
                let e = Entity { kind: wanted.kind, value: value.to_owned() };
                if !found.contains(&e) {
                    found.push(e);
                }
            }
        }
    }
    found.truncate(NEAREST);
    Ok((found, cut))
}

/// The YAML files of a folder (and below), sorted by path, as (path, text). Links to files are followed, links to folders are not.
pub fn yaml_files(dir: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))? {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            if kind.is_dir() && !hidden {
                folders.push(path);
            } else if kind.is_symlink() && path.is_dir() && !hidden {
                eprintln!("muster: {} is a link to a folder and is not followed", crate::show::harmless(&path.display().to_string()));
            } else if !kind.is_dir() && path.extension().is_some_and(|e| e == "yaml" || e == "yml") {
                files.push(yaml_file(&path)?);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// A YAML file as (path, text), if it is not too large to be one.
pub fn yaml_file(path: &Path) -> anyhow::Result<(String, String)> {
    let read = || -> anyhow::Result<Vec<u8>> {
        if !std::fs::metadata(path)?.is_file() {
            bail!("it is not a file");
        }
        let mut bytes = Vec::new();
        File::open(path)?.take(YAML_BYTES_MAX + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > YAML_BYTES_MAX {
            bail!("it has more than {YAML_BYTES_MAX} bytes; split it");
        }
        Ok(bytes)
    };
    let bytes = read().with_context(|| format!("reading {}", path.display()))?;
    Ok((path.display().to_string(), String::from_utf8_lossy(&bytes).into_owned()))
}

/// The registry as it can be read; its faults are `muster check`'s to tell, here they are only counted.
pub fn registry(g: &Global) -> anyhow::Result<respond::Registry> {
    let (registry, problems) = respond::Registry::load(&registry_files(g)?);
    if !problems.is_empty() {
        eprintln!("muster: the registry has {} problems, what could be read is used; see `muster check`", problems.len());
    }
    Ok(registry)
}

/// The files of the registry: the folder named, or `./registry`, or none.
pub fn registry_files(g: &Global) -> anyhow::Result<Vec<(String, String)>> {
    folder(g.registry.as_deref(), "registry")
}

/// The files of the plan: the folder named, or `./plan`, or none; the playbooks that come with muster are beside them.
pub fn plan_files(g: &Global) -> anyhow::Result<Vec<(String, String)>> {
    folder(g.plan.as_deref(), "plan")
}

fn folder(named: Option<&Path>, default: &str) -> anyhow::Result<Vec<(String, String)>> {
    match named {
        Some(dir) if !dir.is_dir() => bail!("no folder at {}; make one with `muster init`, or leave the option out", dir.display()),
        Some(dir) => yaml_files(dir),
        None if Path::new(default).is_dir() => yaml_files(&PathBuf::from(default)),
        None => Ok(Vec::new()),
    }
}

/// What to tell somebody whose indicator is in no log: what was searched, and what is near.
pub fn unknown(found: &Found) -> String {
    let list = |es: &[Entity]| es.iter().map(Entity::to_string).collect::<Vec<_>>().join(", ");
    let near = if found.nearest.is_empty() { String::new() } else { format!("; nearest in the logs: {}", list(&found.nearest)) };
    let cut = if found.cut { format!("; there are more than {NAMES_MAX} names, and not all were compared") } else { String::new() };
    format!("no log has anything of `{}` (searched as {}){near}{cut}", crate::show::harmless(&found.asked), list(&found.searched))
}

/// Registry and plan of the team, with the playbooks that come with muster.
pub fn team(g: &Global) -> anyhow::Result<crate::flow::answer::Team> {
    let registry = registry(g)?;
    let (plan, problems) = plan(g)?;
    if !problems.is_empty() {
        eprintln!("muster: the plan has {} problems, what could be read is used; see `muster check`", problems.len());
    }
    Ok(crate::flow::answer::Team { registry, plan })
}

/// The team's plan over muster's own playbooks.
pub fn plan(g: &Global) -> anyhow::Result<(respond::Plan, Vec<respond::Problem>)> {
    let mut files = respond::plan::builtin();
    files.extend(plan_files(g)?);
    Ok(respond::Plan::load(&files))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock, flow::ingest, store::Store};

    /// `line` of so many hosts, in a lake.
    fn lake(dir: &Path, names: &[&str]) -> Lake {
        let line = |n: &&str| format!("Mar  4 10:00:00 {n} sshd[7]: Failed password for {n} from 203.0.113.9 port 2200 ssh2\n");
        std::fs::write(dir.join("auth.log"), names.iter().map(line).collect::<String>()).unwrap();
        let store = Store::open_or_make(&dir.join("store"), clock::now()).unwrap();
        ingest::ingest(&store, &[dir.join("auth.log")], ingest::options(None, None, None), &ingest::Run::once(ingest::Bar::auto(true))).unwrap();
        store.lake().unwrap()
    }

    #[test]
    fn a_short_name_is_found_behind_more_names_than_are_looked_through() {
        let dir = tempfile::tempdir().unwrap();
        let lake = lake(dir.path(), &["ada", "ben", "cem", "zoe"]);
        let found = find_among(&lake, "zoe", 2).unwrap();
        let user = Entity { kind: Kind::User, value: "zoe@zoe".into() };
        assert!(found.entities.contains(&user) && !found.cut, "{found:?}");
        let near = find_among(&lake, "user:zof@zoe", 2).unwrap();
        assert!(near.cut && unknown(&near).ends_with("not all were compared"), "{near:?}");
        assert!(!find_among(&lake, "user:zof@zoe", 4).unwrap().cut);
    }

    #[test]
    fn yaml_is_read_through_links_and_not_without_end() {
        let dir = tempfile::tempdir().unwrap();
        let (plan, real) = (dir.path().join("plan"), dir.path().join("real.yaml"));
        std::fs::create_dir(&plan).unwrap();
        std::fs::write(&real, "a: 1").unwrap();
        std::os::unix::fs::symlink(&real, plan.join("link.yaml")).unwrap();
        std::os::unix::fs::symlink(dir.path(), plan.join("folder.yaml")).unwrap();
        assert_eq!(yaml_files(&plan).unwrap().iter().map(|f| f.1.as_str()).collect::<Vec<_>>(), ["a: 1"]);
        File::create(&real).unwrap().set_len(YAML_BYTES_MAX).unwrap();
        assert!(yaml_files(&plan).is_ok());
        File::create(&real).unwrap().set_len(YAML_BYTES_MAX + 1).unwrap();
        let fault = format!("{:#}", yaml_files(&plan).unwrap_err());
        assert!(fault.contains("link.yaml: it has more than 4194304 bytes"), "{fault}");
    }
}
