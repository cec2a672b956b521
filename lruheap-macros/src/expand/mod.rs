//! Writes the code: from the model of a function and its options to tokens.

pub(crate) mod attrs;
mod block;
mod cache;
mod call;
mod companion;
mod function;
mod generics;
pub(crate) mod hygiene;
pub(crate) mod key;
mod method;
mod names;
mod place;
mod plan;
mod result;
mod shared;
mod stand_in;
mod tuple;

pub(crate) use attrs::tracks_callers;
pub(crate) use generics::as_argument;
pub(crate) use names::behind;
pub(crate) use result::is_surely_no_alias;

use proc_macro2::TokenStream;
use quote::quote;

use crate::block::{Block, is_block};
use crate::check::check;
use crate::error::Errors;
use crate::item::Function;
use crate::options::{self, Companion, Macro};
use place::Place;
use plan::Plan;

/// Expands `#[lru_cache]` or `#[cache]`.
///
/// Whatever is wrong is reported together. A wrong option falls back to its
/// default and the function is memoized all the same; a function that can't be
/// memoized stays as it was written, with a companion that does nothing, so
/// that the mistake is the only thing the compiler speaks of.
pub(crate) fn attribute(of: Macro, options: TokenStream, item: TokenStream) -> TokenStream {
    if is_block(&item) {
        return block::write(of, options, item);
    }
    let mut errors = Errors::default();
    let Expansion { item, beside } = one(of, options, item, None, &mut errors);
    let errors = errors.into_tokens();
    quote!(#errors #item #beside)
}

/// What becomes of a function.
struct Expansion {
    /// The function, in its place.
    item: TokenStream,
    /// What stands beside it: a companion, or for a method functions of the type.
    beside: TokenStream,
}

/// Expands one function, standing by itself or in a block.
fn one(
    of: Macro,
    options: TokenStream,
    item: TokenStream,
    block: Option<&Block>,
    errors: &mut Errors,
) -> Expansion {
    let options = options::parse(of, options, errors);
    let function = match Function::read(item.clone(), errors) {
        Ok(function) => function,
        Err(error) => {
            errors.push(error);
            let beside = TokenStream::new();
            return Expansion { item, beside };
        }
    };
    let mut refusals = Errors::default();
    check(&function, &options, block, &mut refusals);
    if refusals.is_empty() {
        match Plan::new(&function, &options, block) {
            Ok(plan) => return expand(&plan),
            Err(error) => errors.push(error),
        }
        return Expansion {
            item: function.original(),
            beside: TokenStream::new(),
        };
    }
    errors.append(refusals);
    Expansion {
        item: function.original(),
        beside: stand_in::write(&function, &options, block),
    }
}

fn expand(plan: &Plan<'_>) -> Expansion {
    let nothing = TokenStream::new();
    match (&plan.place, &plan.options.companion) {
        (Place::Inside { .. }, _) => Expansion {
            item: function::write(plan, &nothing),
            beside: method::write(plan),
        },
        (Place::Beside, Companion::Named(_)) => Expansion {
            item: function::write(plan, &nothing),
            beside: companion::write(plan),
        },
        (Place::Beside, Companion::None) => Expansion {
            item: function::write(plan, &companion::write_hidden(plan)),
            beside: nothing,
        },
    }
}
