//! Durations as options write them: `60`, `0.25` (seconds), `"2h5m"`, or an
//! expression of type `Duration`.

use std::time::Duration;

use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, Lit};

use super::values::{is_negative, some_call};
use super::{Time, Value};

/// The duration, or what is wrong with it; `zero` is what to say of none at all.
pub(super) fn read(value: &Expr, zero: &str) -> Result<Time, String> {
    let duration = match value {
        Expr::Unary(_) if is_negative(value) => {
            return Err("a duration can't be negative; `None` is without one".into());
        }
        Expr::Call(_) if some_call(value) => {
            return Err("write the duration itself: `60`, `\"2h5m\"`, or an expression".into());
        }
        Expr::Lit(ExprLit {
            lit: Lit::Int(number),
            ..
        }) if number.suffix().is_empty() => {
            let seconds = number.base10_parse().map_err(|_| TOO_LONG.to_string())?;
            Duration::from_secs(seconds)
        }
        Expr::Lit(ExprLit {
            lit: Lit::Float(number),
            ..
        }) if number.suffix().is_empty() => {
            let seconds: f64 = number
                .base10_parse()
                .map_err(|_| "not a duration".to_string())?;
            Duration::try_from_secs_f64(seconds).map_err(|_| TOO_LONG.to_string())?
        }
        Expr::Lit(ExprLit {
            lit: Lit::Int(_) | Lit::Float(_),
            ..
        }) => {
            return Err("seconds are written without a suffix: `60`, `0.25`".into());
        }
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => parse(&text.value())?,
        Expr::Lit(_) | Expr::Closure(_) => {
            return Err(
                "a duration is seconds (`60`, `0.25`), a text (`\"2h5m\"`), or an expression of type `Duration`"
                    .into(),
            );
        }
        _ if is_zero(value) => Duration::ZERO,
        _ => return Ok(Value::Expression(value.to_token_stream())),
    };
    if duration.is_zero() {
        return Err(zero.into());
    }
    Ok(Value::Known((duration, value.span())))
}

/// `Duration::ZERO`, however it is reached.
fn is_zero(value: &Expr) -> bool {
    let Expr::Path(path) = value else {
        return false;
    };
    let mut last = path.path.segments.iter().rev();
    last.next().is_some_and(|name| name.ident == "ZERO")
        && last.next().is_some_and(|ty| ty.ident == "Duration")
}

const TOO_LONG: &str = "this is beyond the clock's 584 years: `None` is without a limit";

const UNITS: &[(&str, u64)] = &[
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60 * 1_000_000_000),
    ("h", 3_600 * 1_000_000_000),
    ("d", 86_400 * 1_000_000_000),
    ("w", 7 * 86_400 * 1_000_000_000),
];

/// Reads whole numbers with units, one after the other: `1d 12h`, `2h5m`.
fn parse(text: &str) -> Result<Duration, String> {
    const HELP: &str = "write whole numbers with units: `\"2h5m\"`, `\"90s\"`, `\"250ms\"` (units: w, d, h, m, s, ms, us, ns)";
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(format!("this is no duration: {HELP}"));
    }
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let letters = tail
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let (Ok(number), Some((_, nanoseconds))) = (
            number.parse::<u64>(),
            UNITS.iter().find(|(name, _)| *name == unit),
        ) else {
            return Err(format!("`{rest}` is no duration: {HELP}"));
        };
        let part = u128::from(number) * u128::from(*nanoseconds);
        let part = u64::try_from(part).map(Duration::from_nanos);
        total = part
            .ok()
            .and_then(|part| total.checked_add(part))
            .ok_or_else(|| TOO_LONG.to_string())?;
        rest = tail.trim_start();
    }
    Ok(total)
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn texts_are_sums_of_numbers_with_units() {
        assert_eq!(parse("2h5m"), Ok(Duration::from_secs(7_500)));
        assert_eq!(parse(" 1d 12h "), Ok(Duration::from_secs(129_600)));
        assert_eq!(parse("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse("1w2us3ns"), Ok(Duration::new(604_800, 2_003)));
    }

    #[test]
    fn what_is_no_duration_is_refused_and_never_panics() {
        for text in [
            "",
            " ",
            "5",
            "m",
            "2h5",
            "1.5h",
            "-1s",
            "1y",
            "99999999999w",
            "99999999999999999999s",
            "1µ",
            "é",
        ] {
            assert!(parse(text).is_err(), "{text:?} was taken");
        }
    }
}
