//! Sums over events: how many, how much went out, from when to when, for each combination of some columns.

use datafusion::{
    functions_aggregate::expr_fn::{count, max, min, sum},
    logical_expr::{Expr, cast, ident, lit},
};
use event::{Column, Filter, Time};

use crate::{Lake, Result, Table, filter, rows::Cells};

/// Events of one combination, summed.
#[derive(Clone, Debug, PartialEq)]
pub struct Sum {
    /// The values of the columns, in the order asked for.
    pub by: Vec<Option<String>>,
    /// How many.
    pub events: u64,
    /// Bytes that went out; nothing where no event says.
    pub bytes_out: Option<i64>,
    /// When first.
    pub first: Time,
    /// When last.
    pub last: Time,
    /// The lowest number in the source; the event's own where the source is one of the columns and there is one event.
    pub first_seq: i64,
}

impl Lake {
    /// Sums the events that a filter is true of by some text columns; those with most bytes first, at most `limit` combinations.
    pub fn sums(&self, what: &Filter, by: &[Column], limit: usize) -> Result<Vec<Sum>> {
        let columns: Vec<Expr> = by.iter().map(|c| filter::column(*c)).collect();
        let micros = |c| cast(filter::column(c), datafusion::arrow::datatypes::DataType::Int64);
        let sums = vec![
            count(lit(1)).alias("n"),
            sum(filter::column(Column::BytesOut)).alias("total"),
            min(micros(Column::Time)).alias("earliest"),
            max(micros(Column::Time)).alias("latest"),
            min(filter::column(Column::Seq)).alias("lowest"),
        ];
        let mut order = vec![ident("total").sort(false, false), ident("n").sort(false, false)];
        order.extend(columns.iter().map(|c| c.clone().sort(true, true)));
        let frame = self.frame(Table::Events)?.filter(filter::to_expr(what)?)?.aggregate(columns, sums)?.sort(order)?.limit(0, Some(limit))?;
        let mut found = Vec::new();
        for batch in self.collect(frame)? {
            let cells = Cells(&batch);
            let of = |row: usize| {
                Some(Sum {
                    by: by.iter().map(|c| cells.text(c.name(), row).map(str::to_owned)).collect(),
                    events: cells.int("n", row)?.max(0) as u64,
                    bytes_out: cells.int("total", row),
                    first: Time(cells.int("earliest", row)?),
                    last: Time(cells.int("latest", row)?),
                    first_seq: cells.int("lowest", row)?,
                })
            };
            found.extend((0..batch.num_rows()).filter_map(of));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_sums_to_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let lake = Lake::open(dir.path()).unwrap();
        assert_eq!(lake.sums(&Filter::All, &[Column::SrcIp, Column::DstIp], 10).unwrap(), []);
    }
}
