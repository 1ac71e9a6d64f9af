//! What holds a thing: the bucket of an object, the dataset of a table, the folder of a file. One place, so that time line, counts and
//! scope fold alike.

use event::{Entity, Kind};

/// Where a provider's name of a thing goes on after the name of what holds it.
const INNER: [&str; 4] = ["/objects/", "/blobs/", "/tables/", "/secrets/"];
/// How the name of an object, or of the bucket that holds it, begins.
const BUCKET: &str = "arn:aws:s3:::";

/// What holds a thing; the thing itself, where nothing does.
///
/// ```
/// let object: event::Entity = "resource:arn:aws:s3:::exports/2026/a.csv".parse().unwrap();
/// assert_eq!(trace::container(&object).value, "arn:aws:s3:::exports");
/// ```
pub fn container(thing: &Entity) -> Entity {
    let value = match thing.kind {
        Kind::Resource => holder(&thing.value),
        Kind::File => thing.value.rsplit_once('/').map_or(thing.value.as_str(), |(folder, _)| folder),
        _ => &thing.value,
    };
    // A file right below the root is in `/`, whose name is its slash.
    let root = thing.kind == Kind::File && value.ends_with(':');
    Entity { kind: thing.kind, value: if root { format!("{value}/") } else { value.to_owned() } }
}

fn holder(name: &str) -> &str {
    if let Some(rest) = name.strip_prefix(BUCKET) {
        let bucket = rest.find('/').unwrap_or(rest.len());
        return name.get(..BUCKET.len() + bucket).unwrap_or(name);
    }
    let inner = INNER.iter().filter_map(|i| name.find(i)).min();
    inner.and_then(|at| name.get(..at)).filter(|head| !head.is_empty()).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_lie_in_what_holds_them() {
        for (thing, holds) in [
            ("resource:arn:aws:s3:::b/k/l", "arn:aws:s3:::b"),
            ("resource:arn:aws:s3:::b", "arn:aws:s3:::b"),
            ("resource:projects/_/buckets/b/objects/a/b", "projects/_/buckets/b"),
            ("resource:projects/p/datasets/d/tables/t", "projects/p/datasets/d"),
            ("resource:arn:aws:iam::1:role/r", "arn:aws:iam::1:role/r"),
            ("file:h:/etc/passwd", "h:/etc"),
            ("file:h:/x", "h:/"),
            ("user:a@h", "a@h"),
        ] {
            assert_eq!(container(&thing.parse().unwrap()).value, holds, "{thing}");
        }
    }
}
