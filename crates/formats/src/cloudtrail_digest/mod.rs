//! AWS CloudTrail digest files: an event a digest, and a gap where a digest does not follow the one before it. `chain` compares digests
//! with the log files that were read: what is missing, and what was altered, is named.
//!
//! Source: AWS CloudTrail user guide, "CloudTrail digest file structure" (docs.aws.amazon.com/awscloudtrail). A digest names each log file with the
//! SHA-256 of its uncompressed content, and the digest before it with its own. The RSA signature over a digest is not verified here: it
//! lies in the metadata of the object in S3, and the key with AWS.

mod chain;

use event::{Class, Column, Facet, Mark, Sink, attr, class};

use crate::{
    Format, Framing, JsonShape, Parser, Record, Reject,
    map::{self, Doc, Map, Reader},
};

pub use chain::{Digest, Fault, File, LogFile, check};

/// AWS CloudTrail digests.
pub struct CloudtrailDigest;

impl Format for CloudtrailDigest {
    fn name(&self) -> &'static str {
        "cloudtrail_digest"
    }
    fn title(&self) -> &'static str {
        "AWS CloudTrail digest"
    }
    fn facet(&self) -> Facet {
        Facet::Cloud
    }
    fn framing(&self) -> Framing {
        Framing::Json(JsonShape { envelopes: &[], ids: &["digestS3Object"] })
    }

    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        let own = ["digestS3Object", "digestEndTime", "digestPublicKeyFingerprint", "previousDigestHashValue", "previousDigestS3Object", "logFiles"];
        if map::keys(head, &own) >= 4 { 98 } else { 0 }
    }

    fn parser(&self) -> Box<dyn Parser> {
        Box::new(Digests { reader: Reader::new(Map::new(FIELDS)), last: None })
    }
}

crate::table! { FIELDS;
    OBJECT      "digestS3Object"             => Text(METADATA_UID);
    BUCKET      "digestS3Bucket"             => Look;
    START       "digestStartTime"            => Ms(START_TIME);
    END         "digestEndTime"              => Ms(END_TIME);
                "awsAccountId"               => Text(CLOUD_ACCOUNT_UID);
    FILES       "logFiles"                   => Look;
    BEFORE      "previousDigestS3Object"     => Look;
    BEFORE_HASH "previousDigestHashValue"    => Look;
}

/// The digest before: what it is called, what it hashes to, when it ends.
struct Last {
    object: String,
    hash: String,
    end: String,
}

struct Digests {
    reader: Reader,
    last: Option<Last>,
}

impl Parser for Digests {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let text = map::text_of(record.bytes);
        let doc = self.reader.read(&text, record, matches!(text, std::borrow::Cow::Borrowed(_)))?;
        let when = doc.time(END)?;
        let (object, hash, before) = (doc.text(OBJECT), chain::sha256(text.as_bytes()), doc.text(BEFORE));
        if object.is_empty() {
            return Err(Reject::Missing { field: "digestS3Object" });
        }
        let broken = self.last.as_ref().and_then(|last| broken(last, &doc));
        let mut count = 0;
        doc.each(FILES, |_| count += 1);
        doc.begin(CLASS, 99, when, out);
        out.text(attr::METADATA_PRODUCT_VENDOR, "AWS");
        out.text(attr::METADATA_PRODUCT_NAME, "CloudTrail");
        out.text(attr::METADATA_PRODUCT_FEATURE, "Digest");
        out.text(attr::METADATA_PROFILES, "cloud");
        out.text(attr::CLOUD_PROVIDER, "AWS");
        out.text(attr::CLOUD_REGION, region(&object));
        out.int(attr::COUNT, count);
        out.key(Column::Hash, &hash);
        out.key(Column::Operation, "Digest");
        out.key(Column::Resource, &format!("arn:aws:s3:::{}/{object}", doc.text(BUCKET)));
        let mut message = format!("CloudTrail digest of {} to {}: {count} log files", doc.text(START), doc.text(END));
        if before.is_empty() {
            message.push_str("; the first of its trail");
        }
        if let Some(why) = broken {
            out.key(Column::Gap, "lost");
            out.mark(Mark::Incomplete);
            message.extend(["; ", &why]);
        }
        doc.end(&message, out);
        self.last = Some(Last { object: object.into_owned(), hash, end: doc.text(END).into_owned() });
        Ok(())
    }
}

const CLASS: Class = class::BASE_EVENT;

/// Why a digest does not follow the one before it in the stream.
fn broken(last: &Last, doc: &Doc<'_>) -> Option<String> {
    let (before, hash) = (doc.text(BEFORE), doc.text(BEFORE_HASH));
    if before.is_empty() {
        return Some(format!("it names none before it, though {} is", last.object));
    }
    if *before != last.object {
        return Some(format!("the digest before it, {before}, is not here; the last one ended at {}", last.end));
    }
    (!hash.eq_ignore_ascii_case(&last.hash)).then(|| format!("the digest before it, {before}, was altered"))
}

/// The region of `…/CloudTrail-Digest/REGION/…`.
fn region(object: &str) -> &str {
    object.split_once("CloudTrail-Digest/").map_or("", |(_, rest)| rest.split('/').next().unwrap_or_default())
}
