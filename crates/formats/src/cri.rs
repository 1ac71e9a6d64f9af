//! The log of Kubernetes' container runtimes (containerd, CRI-O): time, stream, `P` or `F`, and a piece of what a container wrote.
//!
//! Follows the CRI logging format (kubernetes/design-proposals, "CRI: Log management for container stdout/stderr streams"). `P` is a part of a line, `F` its
//! end, each a stream of its own. Pod, namespace and container are in the file's path. The line is read by the format that it has (see `inner`).

use event::{Column, Facet, Sink, Time, attr};

use crate::{
    Format, Framing, Parser, Record, Reject, Within,
    inner::{Carrier, Fact, Line},
};

/// Lines of containers as the kubelet keeps them.
pub struct Cri;

impl Format for Cri {
    fn name(&self) -> &'static str {
        "cri"
    }
    fn title(&self) -> &'static str {
        "Kubernetes container log (CRI)"
    }
    fn facet(&self) -> Facet {
        Facet::Application
    }
    fn framing(&self) -> Framing {
        Framing::Lines
    }
    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        let lines = head.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|l| !l.is_empty()).take(20);
        // The last line may be cut by the end of the head.
        let (all, fit) = lines.fold((0, 0), |(all, fit), l| (all + 1, fit + u32::from(Outer::read(l).is_some())));
        if all > 0 && fit * 10 >= all * 8 { 95 } else { 0 }
    }
    fn parser(&self) -> Box<dyn Parser> {
        self.parser_in(&Within::default())
    }
    fn parser_in(&self, within: &Within) -> Box<dyn Parser> {
        Box::new(Lines { carrier: Carrier::new(within), place: Place::of(&within.source) })
    }
}

/// An outer record.
struct Outer<'a> {
    time_text: &'a str,
    time: Time,
    stream: &'a str,
    partial: bool,
    /// Tags after `P` or `F`, which the format allows.
    tags: &'a str,
    text: &'a [u8],
}

impl<'a> Outer<'a> {
    fn read(line: &'a [u8]) -> Option<Outer<'a>> {
        let mut words = line.splitn(4, |b| *b == b' ');
        let mut word = || words.next().and_then(|w| std::str::from_utf8(w).ok());
        let (time_text, stream, tags) = (word()?, word()?, word()?);
        let time = Time::parse(time_text)?;
        let (first, tags) = tags.split_once(':').unwrap_or((tags, ""));
        let known = matches!(stream, "stdout" | "stderr") && matches!(first, "P" | "F");
        known.then(|| Outer { time_text, time, stream, partial: first == "P", tags, text: words.next().unwrap_or_default() })
    }
}

/// What a path says: `/var/log/containers/POD_NAMESPACE_CONTAINER-ID.log`, `/var/log/pods/NAMESPACE_POD_UID/CONTAINER/N.log`.
#[derive(Debug, Default, PartialEq)]
struct Place {
    pod: String,
    namespace: String,
    container: String,
    id: String,
    pod_uid: String,
    restarts: String,
}

impl Place {
    fn of(source: &str) -> Place {
        let parts: Vec<&str> = source.split('/').collect();
        let (file, folders) = parts.split_last().map_or(("", &[][..]), |(f, rest)| (*f, rest));
        let stem = file.strip_suffix(".log").unwrap_or(file);
        Place::of_link(stem).or_else(|| Place::of_pods(stem, folders)).unwrap_or_default()
    }

    fn of_link(stem: &str) -> Option<Place> {
        let (pod, rest) = stem.split_once('_')?;
        let (namespace, rest) = rest.split_once('_')?;
        let (container, id) = rest.rsplit_once('-')?;
        let good = id.len() == 64 && id.bytes().all(|b| b.is_ascii_hexdigit());
        good.then(|| Place { pod: pod.into(), namespace: namespace.into(), container: container.into(), id: id.into(), ..Place::default() })
    }

    fn of_pods(stem: &str, folders: &[&str]) -> Option<Place> {
        let [.., pod, container] = folders else { return None };
        let mut words = pod.splitn(3, '_');
        let (namespace, pod, uid) = (words.next()?, words.next()?, words.next()?);
        let good = !stem.is_empty() && stem.bytes().all(|b| b.is_ascii_digit());
        let place = || Place {
            pod: pod.into(),
            namespace: namespace.into(),
            container: (*container).into(),
            pod_uid: uid.into(),
            restarts: stem.into(),
            ..Place::default()
        };
        good.then(place)
    }

    fn facts<'a>(&'a self, host_known: bool, facts: &mut Vec<Fact<'a>>) {
        if self.container.is_empty() {
            return;
        }
        facts.push(Fact::Int(attr::DEVICE_TYPE_ID, 0));
        facts.push(Fact::Text(attr::DEVICE_NAME, &self.pod));
        facts.push(Fact::Text(attr::DEVICE_CONTAINER_UID, &self.id));
        facts.push(Fact::Text(attr::DEVICE_CONTAINER_NAME, &self.container));
        facts.push(Fact::Text(attr::DEVICE_CONTAINER_ORCHESTRATOR, "kubernetes"));
        if !host_known {
            facts.push(Fact::Key(Column::Host, &self.pod));
        }
        let uid = self.pod_uid.as_str();
        if uid.len() == 36 {
            facts.push(Fact::Text(attr::DEVICE_CONTAINER_POD_UUID, uid));
        }
        for (name, value) in [("pod", &self.pod), ("namespace", &self.namespace), ("pod_uid", &self.pod_uid), ("restart", &self.restarts)] {
            if !value.is_empty() {
                facts.push(Fact::Other(name, value));
            }
        }
    }
}

struct Lines {
    carrier: Carrier,
    place: Place,
}

impl Parser for Lines {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let line = record.bytes.strip_suffix(b"\n").unwrap_or(record.bytes);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let outer = Outer::read(line).ok_or(Reject::Shape { expected: "time, stdout or stderr, P or F, and a text" })?;
        let mut facts = Vec::with_capacity(12);
        self.place.facts(record.host.is_some(), &mut facts);
        facts.push(Fact::Other("stream", outer.stream));
        facts.push(Fact::Other("container_time", outer.time_text));
        if !outer.tags.is_empty() {
            facts.push(Fact::Other("tags", outer.tags));
        }
        let hint = &self.place.container;
        self.carrier.line(record, Line { key: outer.stream, hint, text: outer.text, time: outer.time, partial: outer.partial, facts: &facts }, out);
        Ok(())
    }
    fn finish(&mut self, out: &mut dyn Sink) {
        self.carrier.finish(out);
    }
    fn pending(&self) -> Vec<u64> {
        self.carrier.pending()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let id = "0123456789abcdef".repeat(4);
        let link = Place::of(&format!("node-1/containers/web-7d9f_shop_nginx-proxy-{id}.log"));
        assert_eq!((link.pod.as_str(), link.namespace.as_str(), link.container.as_str(), link.id), ("web-7d9f", "shop", "nginx-proxy", id));
        let pods = Place::of("pods/shop_web-7d9f_4ec6a1c2-0000-4000-8000-1234567890ab/nginx/3.log");
        assert_eq!((pods.pod.as_str(), pods.namespace.as_str(), pods.container.as_str(), pods.restarts.as_str()), ("web-7d9f", "shop", "nginx", "3"));
        assert_eq!(pods.pod_uid, "4ec6a1c2-0000-4000-8000-1234567890ab");
        assert_eq!(Place::of("web.log"), Place::default());
    }
}
