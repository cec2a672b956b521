//! The figures of the benches: rows that they write, and the tables that are made of them.

use std::fmt::Write as _;

use crate::Failure;

/// What a subject is beside the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Role {
    Ours,
    /// Does the same for its users.
    Peer,
    /// Does something else, and is shown for scale.
    Other,
    /// A bare map.
    Limit,
}

/// A figure: `question`, `cell` and `threads` say of what.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) question: String,
    pub(crate) cell: String,
    pub(crate) threads: u32,
    pub(crate) subject: String,
    pub(crate) role: Role,
    pub(crate) value: f64,
    pub(crate) unit: String,
}

/// Reads a line for each row, its fields separated by tabs.
pub(crate) fn parse(text: &str) -> Result<Vec<Row>, Failure> {
    let row =
        |line: &str| row(line).ok_or_else(|| Failure::new(format!("no row of a bench: {line:?}")));
    text.lines().map(row).collect()
}

fn row(line: &str) -> Option<Row> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [question, cell, threads, subject, role, value, unit] = fields[..] else {
        return None;
    };
    let role = match role {
        "ours" => Role::Ours,
        "peer" => Role::Peer,
        "other" => Role::Other,
        "limit" => Role::Limit,
        _ => return None,
    };
    Some(Row {
        question: question.to_owned(),
        cell: cell.to_owned(),
        threads: threads.parse().ok()?,
        subject: subject.to_owned(),
        role,
        value: value.parse().ok()?,
        unit: unit.to_owned(),
    })
}

/// A line for each cell and number of threads, a column for each subject; behind a figure its ratio
/// to ours.
pub(crate) fn table(rows: &[Row]) -> String {
    let subjects = distinct(rows.iter().map(|row| row.subject.as_str()));
    let lines = distinct(rows.iter().map(|row| (&row.cell, row.threads, &row.unit)));
    let mut table = format!("| | threads | {} |\n", subjects.join(" | "));
    let _ = writeln!(table, "| --- | ---: |{}", " ---: |".repeat(subjects.len()));
    for (cell, threads, unit) in lines {
        let _ = write!(table, "| {cell}, {unit} | {threads} |");
        let of_line = |row: &&Row| (&row.cell, row.threads, &row.unit) == (cell, threads, unit);
        let line: Vec<&Row> = rows.iter().filter(of_line).collect();
        let ours = line.iter().find(|row| row.role == Role::Ours);
        for subject in &subjects {
            let row = line.iter().find(|row| row.subject == *subject);
            let shown = row.map(|row| shown(row, ours.map_or(0.0, |ours| ours.value)));
            let _ = write!(table, " {} |", shown.unwrap_or_default());
        }
        table.push('\n');
    }
    table
}

fn shown(row: &Row, ours: f64) -> String {
    let value = figure(row.value);
    let is_cost = !["%", "entries"].contains(&row.unit.as_str());
    if row.role == Role::Ours || !is_cost || value == UNKNOWN || ours.is_nan() || ours <= 0.0 {
        return value;
    }
    format!("{value} ({:.2} ×)", row.value / ours)
}

/// Stands where too few rounds were fit to be counted.
const UNKNOWN: &str = "?";

/// As many digits as mean something.
pub(crate) fn figure(value: f64) -> String {
    if value.is_nan() {
        return UNKNOWN.to_owned();
    }
    let digits = usize::from(value.abs() < 100.0);
    format!("{value:.digits$}")
}

/// The distinct ones, in the order in which they come first.
pub(crate) fn distinct<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = Vec::new();
    for one in all {
        if !seen.contains(&one) {
            seen.push(one);
        }
    }
    seen
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const ROWS: &str = "\
        hits\tu64\t1\tlruheap\tours\t20\tns\n\
        hits\tu64\t1\tlru\tpeer\t25.25\tns\n\
        hits\tu64\t1\tmemoize\tother\t5\tns\n\
        hits\tu64\t1\tbare map\tlimit\t10\tns\n\
        hits\tu64\t2\tlruheap\tours\t60\tns\n\
        hits\tu64\t2\tlru\tpeer\t120\tns\n\
        memory\ta hit\t1\tlruheap\tours\t0\tallocations\n";

    #[test]
    fn a_row_is_read_as_it_was_written() {
        let rows = parse(ROWS).expect("rows");
        assert_eq!(rows.len(), 7);
        let second = Row {
            question: "hits".to_owned(),
            cell: "u64".to_owned(),
            threads: 1,
            subject: "lru".to_owned(),
            role: Role::Peer,
            value: 25.25,
            unit: "ns".to_owned(),
        };
        assert_eq!(rows[1], second);
        assert_eq!(rows[3].role, Role::Limit);
    }

    #[test]
    fn what_is_no_row_is_named() {
        for line in [
            "",
            "hits\tu64",
            &ROWS.lines().next().unwrap_or("").replace("20", "x"),
        ] {
            let failure = parse(&format!("{line}\n")).expect_err("no row");
            assert!(failure.message.contains(&format!("{line:?}")));
        }
    }

    #[test]
    fn what_could_not_be_measured_is_a_question_mark() {
        let rows = "q\tc\t2\tlruheap\tours\tNaN\tns\nq\tc\t2\tlru\tpeer\t5\tns\n";
        let table = table(&parse(rows).expect("rows"));
        assert!(table.ends_with("| c, ns | 2 | ? | 5.0 |\n"), "{table}");
    }

    #[test]
    fn a_part_is_no_cost() {
        let rows = "q\tc\t1\tlruheap\tours\t50\t%\nq\tc\t1\tlru\tpeer\t55\t%\n";
        let table = table(&parse(rows).expect("rows"));
        assert!(table.ends_with("| c, % | 1 | 50.0 | 55.0 |\n"), "{table}");
    }

    #[test]
    fn a_table_has_a_line_for_each_cell_and_ratios_to_ours() {
        let rows = parse(ROWS).expect("rows");
        assert_eq!(
            table(&rows[..6]),
            "| | threads | lruheap | lru | memoize | bare map |\n\
             | --- | ---: | ---: | ---: | ---: | ---: |\n\
             | u64, ns | 1 | 20.0 | 25.2 (1.26 ×) | 5.0 (0.25 ×) | 10.0 (0.50 ×) |\n\
             | u64, ns | 2 | 60.0 | 120 (2.00 ×) |  |  |\n"
        );
    }
}
