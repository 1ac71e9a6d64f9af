//! Finds, once, everything in the corpus that a copy changes, and cuts the records around it.
//!
//! What stays: user agents, operations, services, error codes, regions, commands, networks (`10.0.0.0/16`), and the names that
//! AWS itself gives (`AWSServiceRoleFor…`). What a copy changes is a `Token`; every place of one token changes alike.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::{Ipv4Addr, Ipv6Addr},
};

use anyhow::{Context, Result};
use regex::Regex;

use super::corpus::Corpus;

/// What a token is, and so what it may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A 12-digit account id.
    Account,
    /// An access key id.
    Key,
    /// The unique id of a principal: `AIDA…`, `AROA…`.
    Principal,
    /// The name of a user, role, group, policy, session, bucket, secret, parameter or function of the account.
    Name,
    /// An address; stays in its class (private, public, and so on).
    Ip,
    /// A UUID: event ids, request ids, keys of KMS.
    Uuid,
    /// The id of a resource: `i-0abc…`, `vpc-…`.
    Resource,
    /// A text of random characters: session tokens, request ids of S3.
    Opaque,
    /// A time; moves with the copy.
    Time,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 9] = [Kind::Account, Kind::Key, Kind::Principal, Kind::Name, Kind::Ip, Kind::Uuid, Kind::Resource, Kind::Opaque, Kind::Time];

    /// The kind for people, in the plural.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Account => "accounts",
            Kind::Key => "access keys",
            Kind::Principal => "principal ids",
            Kind::Name => "names (users, roles, sessions, buckets, …)",
            Kind::Ip => "addresses",
            Kind::Uuid => "UUIDs (events, requests, keys)",
            Kind::Resource => "resource ids",
            Kind::Opaque => "tokens and request ids",
            Kind::Time => "times",
        }
    }

    /// Whether each copy has values of its own (times move, and may meet those of another copy).
    pub const fn renamed(self) -> bool {
        !matches!(self, Kind::Time)
    }
}

/// One value that a copy changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Its text in the corpus.
    pub text: String,
}

/// A record, cut: literal text, then a token, and so on; the last literal has no token after it.
#[derive(Debug, Default)]
pub struct Record {
    /// Literal text and the number of the token that follows it.
    pub parts: Vec<(String, Option<usize>)>,
}

/// A file of cut records.
#[derive(Debug)]
pub struct File {
    /// Its name in the corpus.
    pub name: String,
    /// Its records.
    pub records: Vec<Record>,
}

/// The corpus, cut.
#[derive(Debug)]
pub struct Template {
    /// The files in order.
    pub files: Vec<File>,
    /// All tokens, each once.
    pub tokens: Vec<Token>,
    /// From the earliest to one second after the latest `eventTime`, in whole seconds: what one copy moves on by.
    pub span_seconds: i64,
}

impl Template {
    /// Cuts a corpus.
    pub fn of(corpus: &Corpus) -> Result<Template> {
        let all = || corpus.files.iter().flat_map(|f| &f.records).map(String::as_str);
        let finder = Finder::new(&names_in(all())?)?;
        let mut numbers: HashMap<Token, usize> = HashMap::new();
        let mut tokens = Vec::new();
        let mut number = |token: Token| {
            *numbers.entry(token).or_insert_with_key(|t| {
                tokens.push(t.clone());
                tokens.len() - 1
            })
        };
        let files =
            corpus.files.iter().map(|f| File { name: f.name.clone(), records: f.records.iter().map(|r| finder.cut(r, &mut number)).collect() }).collect();
        Ok(Template { files, tokens, span_seconds: span_seconds(all())? })
    }

    /// How many different tokens of a kind there are.
    pub fn distinct(&self, kind: Kind) -> u64 {
        self.tokens.iter().filter(|t| t.kind == kind).count() as u64
    }
}

fn span_seconds<'a>(records: impl Iterator<Item = &'a str>) -> Result<i64> {
    let when = Regex::new(r#""eventTime":"([^"]+)""#)?;
    let times: BTreeSet<jiff::Timestamp> = records.filter_map(|r| when.captures(r)?.get(1)?.as_str().parse().ok()).collect();
    let (first, last) = times.first().zip(times.last()).context("no eventTime in the corpus")?;
    Ok(last.as_second() - first.as_second() + 1)
}

/// Words that AWS chose, not the account.
fn given_by_aws(name: &str) -> bool {
    name.starts_with("AWS") || name.starts_with("aws") || matches!(name, "root" | "default" | "Admin" | "amazon") || name.bytes().all(|b| b.is_ascii_digit())
}

/// The accounts and the names of the account's own things, longest first.
fn names_in<'a>(records: impl Iterator<Item = &'a str>) -> Result<Vec<Token>> {
    let accounts = Regex::new(r#""(?:accountId|recipientAccountId)":"(\d{12})"|:(\d{12}):"#)?;
    let arns = Regex::new(
        r#"arn:aws[a-z-]*:(?:iam::\d{12}:(?:user|role|group|policy|instance-profile)|sts::\d{12}:(?:assumed-role|federated-user)|s3::|secretsmanager:[a-z0-9-]*:\d{12}:secret|ssm:[a-z0-9-]*:\d{12}:parameter|lambda:[a-z0-9-]*:\d{12}:function|rds:[a-z0-9-]*:\d{12}:[a-z-]+)[:/]([A-Za-z0-9_+=,.@/-]+)"#,
    )?;
    let fields = Regex::new(r#""(?:userName|roleName|roleSessionName|bucketName|instanceProfileName|groupName|functionName)":"([A-Za-z0-9_+=,.@/-]+)""#)?;
    let mut found: BTreeMap<String, Kind> = BTreeMap::new();
    for record in records {
        for c in accounts.captures_iter(record) {
            found.extend(c.iter().skip(1).flatten().map(|m| (m.as_str().to_owned(), Kind::Account)));
        }
        let in_arns = arns.captures_iter(record).filter_map(|c| c.get(1)).flat_map(|m| m.as_str().split('/'));
        let in_fields = fields.captures_iter(record).filter_map(|c| c.get(1)).map(|m| m.as_str());
        let names = in_arns.chain(in_fields).map(|n| n.trim_end_matches(['.', ',', '-']));
        for name in names.filter(|n| n.len() >= 4 && !given_by_aws(n) && !n.ends_with("amazonaws.com")) {
            found.entry(name.to_owned()).or_insert(Kind::Name);
        }
    }
    let mut tokens: Vec<Token> = found.into_iter().map(|(text, kind)| Token { kind, text }).collect();
    tokens.sort_by(|a, b| b.text.len().cmp(&a.text.len()).then_with(|| a.text.cmp(&b.text)));
    Ok(tokens)
}

/// Values that stay whole, whatever is in them.
const KEPT: &str = r#""(?:userAgent|eventName|eventSource|errorCode|awsRegion|eventType|engineVersion)":"(?:[^"\\]|\\.)*""#;

/// Finds the tokens in a record.
struct Finder {
    all: Regex,
    names: HashMap<String, Kind>,
}

impl Finder {
    fn new(names: &[Token]) -> Result<Finder> {
        let shapes = [
            format!("(?P<kept>{KEPT})"),
            r#""(?:requestID|requestId|x-amz-id-2|sessionToken|nextToken)":"(?P<opaque>[^"\\]+)""#.to_owned(),
            r#""[A-Za-z]*(?:[tT]ime|[dD]ate|OrEqual)":(?P<epoch>1[0-9]{9}(?:[0-9]{3})?)\b"#.to_owned(),
            r"(?P<uuid>\b[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\b)".to_owned(),
            r"(?P<time>\b[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?Z|\b[A-Z][a-z]{2} [0-9]{1,2}, [0-9]{4},? [0-9]{1,2}:[0-9]{2}:[0-9]{2} [AP]M\b)".to_owned(),
            r"(?P<key>\bA[KS]IA[A-Z0-9]{12,17}\b)".to_owned(),
            r"(?P<principal>\b(?:AIDA|AROA|AIPA|ANPA|ANVA|AGPA|ASCA|APKA)[A-Z0-9]{12,17}\b)".to_owned(),
            r"(?P<resource>\b(?:i-[0-9a-z]{16,17}|[a-z]{1,10}-[0-9a-f]{17}|(?:i|vol|snap|ami|vpc|subnet|sg|eni|igw|rtb)-[0-9a-f]{8})\b)".to_owned(),
            r"(?P<ip>[0-9]{1,3}(?:\.[0-9]{1,3}){3})".to_owned(),
            r#""(?P<ip6>[0-9A-Fa-f]{1,4}:[0-9A-Fa-f:]+)""#.to_owned(),
            format!("(?P<name>{})", names.iter().map(|t| regex::escape(&t.text)).collect::<Vec<_>>().join("|")),
        ];
        let all = regex::RegexBuilder::new(&shapes.join("|")).size_limit(64 << 20).build()?;
        Ok(Finder { all, names: names.iter().map(|t| (t.text.clone(), t.kind)).collect() })
    }

    /// Cuts a record at its tokens.
    fn cut(&self, record: &str, number: &mut impl FnMut(Token) -> usize) -> Record {
        let (mut parts, mut from, mut at) = (Vec::new(), 0, 0);
        while let Some(c) = self.all.captures_at(record, at) {
            let Some(whole) = c.get(0) else { break };
            at = whole.end();
            let named = ["opaque", "epoch", "uuid", "time", "key", "principal", "resource", "ip", "ip6", "name"];
            let Some((group, m)) = named.iter().find_map(|g| Some((*g, c.name(g)?))) else { continue };
            let around = (record.get(..m.start()).unwrap_or_default(), record.get(m.end()..).unwrap_or_default());
            let Some(kind) = self.kind(group, m.as_str(), around) else {
                // Not a token here: look again one character on, so that what begins inside it is still found.
                at = m.start() + record.get(m.start()..).and_then(|s| s.chars().next()).map_or(1, char::len_utf8);
                continue;
            };
            let token = number(Token { kind, text: m.as_str().to_owned() });
            parts.push((record.get(from..m.start()).unwrap_or_default().to_owned(), Some(token)));
            from = m.end();
            at = at.max(from);
        }
        parts.push((record.get(from..).unwrap_or_default().to_owned(), None));
        Record { parts }
    }

    /// What a match is, if with its neighbours it is a token at all.
    fn kind(&self, group: &str, text: &str, (before, after): (&str, &str)) -> Option<Kind> {
        let (before, after) = (before.chars().next_back(), after.chars().next());
        let word = |c: Option<char>, more: &str| c.is_some_and(|c| c.is_ascii_alphanumeric() || more.contains(c));
        match group {
            "opaque" if is_uuid(text) => Some(Kind::Uuid),
            "opaque" => Some(Kind::Opaque),
            "epoch" | "time" => Some(Kind::Time),
            "uuid" => Some(Kind::Uuid),
            "key" => Some(Kind::Key),
            "principal" => Some(Kind::Principal),
            "resource" => (!word(before, "-_")).then_some(Kind::Resource),
            "ip" => (!word(before, ".-") && !word(after, ".-/") && text.parse::<Ipv4Addr>().is_ok()).then_some(Kind::Ip),
            "ip6" => text.parse::<Ipv6Addr>().is_ok().then_some(Kind::Ip),
            _ => match self.names.get(text).copied() {
                Some(Kind::Account) => (!before.is_some_and(|c| c.is_ascii_digit()) && !after.is_some_and(|c| c.is_ascii_digit())).then_some(Kind::Account),
                kind => kind.filter(|_| !word(before, "_-") && !word(after, "_-")),
            },
        }
    }
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|g| g.len()).eq([8, 4, 4, 4, 12]) && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}
