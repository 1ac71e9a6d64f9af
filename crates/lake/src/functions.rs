//! Three functions that queries have beside DataFusion's own: they say in SQL exactly what `event::Filter` says in memory.
//!
//! `in_net(text, cidr)`: the text is an address in the network. `text_like(text, pattern, place, any_case)`: the text has
//! the pattern at `whole`, `start`, `end` or `anywhere`, or is like it as a `glob`; ASCII letters match in either case if
//! `any_case`. `raw_has(raw, words, any_case)`: the bytes of a record, or of any of several, hold the words.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, StringArray, cast::AsArray};
use arrow_schema::DataType;
use datafusion::{
    common::{ScalarValue, exec_err},
    error::{DataFusionError, Result},
    logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility},
};
use event::{
    Words,
    filter::{Place, glob, in_net},
};
use ipnet::IpNet;

/// All functions, to be registered in a session.
pub(crate) fn all() -> Vec<ScalarUDF> {
    vec![in_net_function(), text_like_function(), raw_has_function()]
}

pub(crate) fn in_net_function() -> ScalarUDF {
    ScalarUDF::new_from_impl(InNet { signature: Signature::exact(vec![DataType::Utf8, DataType::Utf8], Volatility::Immutable) })
}

pub(crate) fn text_like_function() -> ScalarUDF {
    let types = vec![DataType::Utf8, DataType::Utf8, DataType::Utf8, DataType::Boolean];
    ScalarUDF::new_from_impl(TextLike { signature: Signature::exact(types, Volatility::Immutable) })
}

pub(crate) fn raw_has_function() -> ScalarUDF {
    ScalarUDF::new_from_impl(RawHas { signature: Signature::any(3, Volatility::Immutable) })
}

/// The name of a place, as `text_like` takes it.
pub(crate) const fn place_name(place: Place) -> &'static str {
    match place {
        Place::Whole => "whole",
        Place::Start => "start",
        Place::End => "end",
        Place::Anywhere => "anywhere",
        Place::Glob => "glob",
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct InNet {
    signature: Signature,
}

impl ScalarUDFImpl for InNet {
    fn name(&self) -> &str {
        "in_net"
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [texts, net] = args.args.as_slice() else { return exec_err!("in_net takes a text and a network") };
        let Some(net) = constant(net)? else { return Ok(ColumnarValue::Scalar(ScalarValue::Boolean(None))) };
        let net: IpNet = net.parse().map_err(|_| DataFusionError::Execution(format!("in_net: not a network: `{net}`; write 10.0.0.0/8")))?;
        each(texts, |text| in_net(text, &net))
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct TextLike {
    signature: Signature,
}

impl ScalarUDFImpl for TextLike {
    fn name(&self) -> &str {
        "text_like"
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [texts, pattern, place, ColumnarValue::Scalar(ScalarValue::Boolean(Some(any_case)))] = args.args.as_slice() else {
            return exec_err!("text_like takes a text, a pattern, a place and true or false for any case");
        };
        let (Some(pattern), Some(place)) = (constant(pattern)?, constant(place)?) else {
            return Ok(ColumnarValue::Scalar(ScalarValue::Boolean(None)));
        };
        let holds: fn(&str, &str) -> bool = match place {
            "whole" => |t, p| t == p,
            "start" => |t, p| t.starts_with(p),
            "end" => |t, p| t.ends_with(p),
            "anywhere" => |t, p| t.contains(p),
            "glob" => glob,
            other => return exec_err!("text_like: no place `{other}`; there are whole, start, end, anywhere, glob"),
        };
        if !any_case {
            return each(texts, |text| holds(text, pattern));
        }
        let (pattern, mut lower) = (pattern.to_ascii_lowercase(), String::new());
        each(texts, move |text| {
            lower.clear();
            lower.push_str(text);
            lower.make_ascii_lowercase();
            holds(&lower, &pattern)
        })
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct RawHas {
    signature: Signature,
}

impl ScalarUDFImpl for RawHas {
    fn name(&self) -> &str {
        "raw_has"
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [raw, words, ColumnarValue::Scalar(ScalarValue::Boolean(Some(any_case)))] = args.args.as_slice() else {
            return exec_err!("raw_has takes records, words and true or false for any case");
        };
        let Some(text) = constant(words)? else { return Ok(ColumnarValue::Scalar(ScalarValue::Boolean(None))) };
        let mut finder = Words { text: text.to_owned(), any_case: *any_case }.finder();
        let raw = raw.to_array(args.number_rows)?;
        let found: BooleanArray = if let Some(lists) = raw.as_list_opt::<i32>() {
            let mut any = |list: ArrayRef| list.as_binary_opt::<i32>().is_some_and(|records| records.iter().flatten().any(|bytes| finder.found(bytes)));
            lists.iter().map(|list| Some(list.is_some_and(&mut any))).collect()
        } else if let Some(records) = raw.as_binary_opt::<i32>() {
            records.iter().map(|bytes| Some(bytes.is_some_and(|b| finder.found(b)))).collect()
        } else {
            return exec_err!("not records: {}", raw.data_type());
        };
        Ok(ColumnarValue::Array(Arc::new(found) as ArrayRef))
    }
}

fn constant(value: &ColumnarValue) -> Result<Option<&str>> {
    match value {
        ColumnarValue::Scalar(ScalarValue::Utf8(text)) => Ok(text.as_deref()),
        _ => exec_err!("the pattern must be a constant text"),
    }
}

/// Tests each text; null stays null, and so does empty text, which stands for no value.
fn each(texts: &ColumnarValue, mut test: impl FnMut(&str) -> bool) -> Result<ColumnarValue> {
    let array = match texts {
        ColumnarValue::Scalar(ScalarValue::Utf8(text)) => {
            return Ok(ColumnarValue::Scalar(ScalarValue::Boolean(text.as_deref().filter(|t| !t.is_empty()).map(test))));
        }
        ColumnarValue::Scalar(_) => return exec_err!("not a text"),
        ColumnarValue::Array(array) => array,
    };
    let Some(texts): Option<&StringArray> = array.as_string_opt::<i32>() else { return exec_err!("not a text: {}", array.data_type()) };
    let found: BooleanArray = texts.iter().map(|t| t.filter(|t| !t.is_empty()).map(&mut test)).collect();
    Ok(ColumnarValue::Array(Arc::new(found) as ArrayRef))
}
