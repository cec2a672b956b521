//! Writes the code: from the model of a function and its options to tokens.

mod attrs;
mod cache;
mod companion;
mod function;
mod generics;
pub(crate) mod hygiene;
pub(crate) mod key;
mod plan;
mod result;
mod stand_in;

use proc_macro2::TokenStream;
use quote::quote;

use crate::check::check;
use crate::error::Errors;
use crate::item::Function;
use crate::options::{self, Companion, Macro};
use plan::Plan;

/// Expands `#[lru_cache]` or `#[cache]`.
///
/// Whatever is wrong is reported together. A wrong option falls back to its
/// default and the function is memoized all the same; a function that can't be
/// memoized stays as it was written, with a companion that does nothing, so
/// that the mistake is the only thing the compiler speaks of.
pub(crate) fn attribute(of: Macro, options: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let options = options::parse(of, options, &mut errors);
    let function = match Function::read(item.clone(), &mut errors) {
        Ok(function) => function,
        Err(error) => {
            errors.push(error);
            return [errors.into_tokens(), item].into_iter().collect();
        }
    };
    let mut refusals = Errors::default();
    check(&function, &options, &mut refusals);
    let expansion = if refusals.is_empty() {
        match Plan::new(&function, &options) {
            Ok(plan) => expand(&plan),
            Err(error) => {
                refusals.push(error);
                function.original()
            }
        }
    } else {
        let original = function.original();
        let stand_in = stand_in::write(&function, &options);
        quote!(#original #stand_in)
    };
    let (errors, refusals) = (errors.into_tokens(), refusals.into_tokens());
    quote!(#errors #refusals #expansion)
}

fn expand(plan: &Plan<'_>) -> TokenStream {
    match plan.options.companion {
        Companion::Named(_) => {
            let companion = companion::write(plan);
            let function = function::write(plan, &TokenStream::new());
            quote!(#function #companion)
        }
        Companion::None => function::write(plan, &companion::write_hidden(plan)),
    }
}
