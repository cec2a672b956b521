//! Where a function stands, and with that where its cache lives and how the
//! instance is reached.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::hygiene::{at, generated};
use crate::block::Block;
use crate::item::{Function, Holding, Home, This};
use crate::options::Options;

/// Where a function stands.
pub(super) enum Place<'a> {
    /// By itself: its controls are in a companion of its name.
    Beside,
    /// In an `impl` block, which may not be known.
    Inside {
        home: Home,
        block: Option<&'a Block>,
    },
}

impl<'a> Place<'a> {
    pub(super) fn of(function: &Function, block: Option<&'a Block>) -> Self {
        let home = match (&function.this, block) {
            (None, None) => return Place::Beside,
            (None, Some(_)) => Home::Shared,
            (Some(this), _) => this.home(),
        };
        Place::Inside { home, block }
    }
}

/// How generated code reaches, from where it stands, its helpers and the instance.
pub(super) struct Site {
    /// What the helpers are associated functions of.
    pub(super) of: TokenStream,
    /// A reference to the instance, or to the pointer that holds it.
    pub(super) this: TokenStream,
    /// The receiver for the body.
    pub(super) owned_this: Option<TokenStream>,
}

impl Site {
    /// Of a function that stands by itself.
    pub(super) fn beside(of: TokenStream) -> Self {
        Site {
            of,
            this: TokenStream::new(),
            owned_this: None,
        }
    }

    /// In a method with the receiver as written.
    pub(super) fn in_method(this: Option<&This>) -> Self {
        let by_value = matches!(
            this,
            Some(This {
                holding: Holding::Counted {
                    by_reference: false,
                    ..
                },
                ..
            })
        );
        let name = this.map(self_of);
        Site {
            of: quote!(Self),
            this: if by_value {
                quote!(&#name)
            } else {
                quote!(#name)
            },
            owned_this: name.map(|name| quote!(#name)),
        }
    }

    /// In a function with a receiver of its own, `&self` or `self: &Arc<Self>`.
    pub(super) fn in_control(this: Option<&This>, options: &Options) -> Self {
        let mut site = Site::in_method(this);
        let name = this.map(self_of);
        site.this = quote!(#name);
        if let Some(Holding::Counted {
            by_reference: false,
            ..
        }) = this.map(|this| &this.holding)
        {
            let private = options.private();
            site.owned_this = Some(quote!(#private::Clone::clone(#name)));
        }
        site
    }
}

/// `self`, as the macro's own.
fn self_of(this: &This) -> Ident {
    Ident::new("self", generated(this.receiver.self_token.span))
}

/// The receiver of a generated function that only looks at the instance.
pub(super) fn receiver(this: &This, options: &Options) -> TokenStream {
    let span = generated(this.receiver.self_token.span);
    match pointer(this, options) {
        Some(pointer) => at(span, &quote!(self: &#pointer)),
        None => at(span, &quote!(&self)),
    }
}

/// `Arc<Self>`, where that is what holds the instance: only the standard library's
/// can be a receiver.
pub(super) fn pointer(this: &This, options: &Options) -> Option<TokenStream> {
    let private = options.private();
    match &this.holding {
        Holding::Counted { is_local: true, .. } => Some(quote!(#private::Rc<Self>)),
        Holding::Counted { .. } => Some(quote!(#private::Arc<Self>)),
        _ => None,
    }
}
