//! One file a part of the vocabulary.

mod query;
