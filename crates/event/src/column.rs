//! The columns of an event: one list from which schema, builders, filters and queries are made.

use crate::Kind;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Text with few distinct values; a dictionary in Arrow.
    Word,
    /// Text that is mostly its own value.
    Text,
    /// A 64-bit integer.
    Int,
    /// UTC microseconds.
    Time,
}

macro_rules! columns {
    ($($variant:ident $name:literal $shape:ident $(kind $kind:ident)?; $doc:literal)*) => {
        /// A column that questions can be asked of. `records` and `raw` stand beside them in the schema.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(usize)]
        pub enum Column { $(#[doc = $doc] $variant),* }

        impl Column {
            /// All columns in schema order.
            pub const ALL: &[Column] = &[$(Column::$variant),*];
            /// The name in tables, SQL and the search language.
            pub const fn name(self) -> &'static str { match self { $(Column::$variant => $name),* } }
            /// What it holds.
            pub const fn shape(self) -> Shape { match self { $(Column::$variant => Shape::$shape),* } }
            /// What it says, in a sentence.
            pub const fn doc(self) -> &'static str { match self { $(Column::$variant => $doc),* } }
            /// The kind of entity whose whole canonical value it holds.
            pub const fn kind(self) -> Option<Kind> { match self { $(Column::$variant => columns!(@kind $($kind)?)),* } }
        }
    };
    (@kind $kind:ident) => { Some(Kind::$kind) };
    (@kind) => { None };
}

columns! {
    Time "time" Time; "When it happened (UTC microseconds)."
    Received "received" Time; "When muster received the record."
    Facet "facet" Word; "runtime, cloud, network, system or application."
    Source "source" Word; "The log that it came from."
    Seq "seq" Int; "Number of its first record in the source; source#seq is the event's id."
    Format "format" Word; "The format that read it."
    ClassUid "class_uid" Int; "OCSF class."
    ActivityId "activity_id" Int; "OCSF activity within the class."
    SeverityId "severity_id" Int; "OCSF severity."
    Outcome "outcome" Word; "success or failure, where the log says."
    Operation "operation" Word; "What was done, in the log's own word: GetObject, execve, sudo."
    Service "service" Word; "The service or program that it was done to or by: s3.amazonaws.com, sshd."
    User "user" Word kind User; "Who acted (or logged in)."
    TargetUser "target_user" Word kind User; "The identity acted on: made, changed, become."
    Credential "credential" Word kind Credential; "What proved who acted: access key id, SSH key fingerprint."
    TargetCredential "target_credential" Word kind Credential; "The credential acted on or handed out."
    Session "session" Word kind Session; "The session acted in."
    TargetSession "target_session" Word kind Session; "The session opened by this event."
    Host "host" Word kind Host; "The machine that it happened on."
    Exe "exe" Word; "Path of the program that acted."
    Pid "pid" Int; "Process id that acted; with host it is a process entity."
    Ppid "ppid" Int; "Its parent's process id."
    Command "command" Text; "The command line."
    SrcIp "src_ip" Word kind Ip; "Where it came from."
    SrcPort "src_port" Int; "Port there."
    DstIp "dst_ip" Word kind Ip; "Where it went to."
    DstPort "dst_port" Int; "Port there."
    Account "account" Word kind Account; "The cloud account."
    Region "region" Word; "The cloud region."
    Resource "resource" Word kind Resource; "The resource acted on (ARN or provider id)."
    File "file" Word; "Path acted on; with host it is a file entity."
    Domain "domain" Word kind Domain; "DNS name acted on."
    Url "url" Word kind Url; "URL asked for."
    Hash "hash" Word kind Hash; "Digest of the content acted on."
    UserAgent "user_agent" Word; "The client program, as it calls itself."
    BytesOut "bytes_out" Int; "Bytes that went out to the one who asked."
    Error "error" Word; "Error code of the log."
    Uid "uid" Text; "The source's own id of the event."
    Gap "gap" Word; "What kind of gap in the logs this event tells of: lost, stopped, disabled."
    GapCount "gap_count" Int; "How many records are missing, if known."
    Marks "marks" Word; "What to know before relying on it, comma-separated (see Mark)."
    Message "message" Text; "One line for a person."
}

impl Column {
    /// How many there are.
    pub const COUNT: usize = Column::ALL.len();

    /// Finds a column by name.
    pub fn parse(name: &str) -> Option<Column> {
        Column::ALL.iter().copied().find(|c| c.name() == name)
    }
}

/// Something with the columns of an event: an owned `Event`, or a row of a `Batch`.
pub trait Fields {
    /// The text in a `Word` or `Text` column; `None` where it is empty, missing or of another shape.
    fn text(&self, column: Column) -> Option<&str>;
    /// The number in an `Int` or `Time` column.
    fn int(&self, column: Column) -> Option<i64>;
    /// Whether the exact bytes of any of its records pass a test; false where they are not at hand.
    fn any_original(&self, test: &mut dyn FnMut(&[u8]) -> bool) -> bool;

    /// When it happened.
    fn time(&self) -> crate::Time {
        crate::Time(self.int(Column::Time).unwrap_or_default())
    }

    /// The event's id: `source#seq`.
    fn id(&self) -> String {
        format!("{}#{}", self.text(Column::Source).unwrap_or_default(), self.int(Column::Seq).unwrap_or_default())
    }

    /// Whether the log says that it succeeded; `None` where it does not say.
    fn succeeded(&self) -> Option<bool> {
        self.text(Column::Outcome).map(|o| o == "success")
    }

    /// The entities that it touches, each once: every entity column, the process and the file.
    fn entities(&self) -> Vec<crate::Entity> {
        let mut found: Vec<crate::Entity> = Vec::new();
        let mut add = |kind, value: String| {
            let e = crate::Entity { kind, value };
            if !found.contains(&e) {
                found.push(e);
            }
        };
        for &c in Column::ALL {
            if let (Some(kind), Some(value)) = (c.kind(), self.text(c)) {
                add(kind, value.to_owned());
            }
        }
        if let Some(host) = self.text(Column::Host) {
            if let Some(pid) = self.int(Column::Pid) {
                add(Kind::Process, format!("{host}/{pid}"));
            }
            if let Some(file) = self.text(Column::File) {
                add(Kind::File, format!("{host}:{file}"));
            }
        }
        found
    }
}
