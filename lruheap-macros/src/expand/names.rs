//! What the generated functions are called and which parameters they declare:
//! those beside a function stand in the `impl` of its companion, those of a
//! method beside it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt;
use syn::{Path, WherePredicate};

use super::attrs;
use super::generics::{lifetimes, lifetimes_in_bounds, type_parameters};
use super::hygiene::respan;
use crate::block::Block;
use crate::item::Function;
use crate::options::{Companion, Options};

pub(super) struct Names<'a> {
    function: &'a Function,
    /// For a method, what the names of its controls begin with.
    prefix: Option<String>,
    /// The same for its helpers: two traits may have a method of one name.
    of_helpers: String,
    is_hidden: bool,
}

/// The parameters that a generated function declares.
pub(super) struct Declared {
    /// `<'a, T: Bound>`
    pub(super) params: TokenStream,
    /// `where …`
    pub(super) clause: TokenStream,
}

impl<'a> Names<'a> {
    /// For what stands in a companion.
    pub(super) fn of_companion(function: &'a Function) -> Self {
        Names {
            function,
            prefix: None,
            of_helpers: String::new(),
            is_hidden: false,
        }
    }

    /// For what stands beside a method.
    pub(super) fn of_method(
        function: &'a Function,
        options: &Options,
        block: Option<&Block>,
    ) -> Self {
        let prefix = match &options.companion {
            Companion::Named(Some(name)) => name.unraw().to_string(),
            Companion::Named(None) | Companion::None => function.name(),
        };
        let of_helpers = match block.and_then(|block| block.of.as_ref()) {
            Some((path, _)) => format!("{prefix}_{}", letters(path)),
            None => prefix.clone(),
        };
        Names {
            function,
            prefix: Some(prefix),
            of_helpers,
            is_hidden: matches!(options.companion, Companion::None),
        }
    }

    /// The name of a helper that is `__…` in a companion.
    pub(super) fn hidden(&self, name: &str) -> Ident {
        match &self.prefix {
            Some(_) => format_ident!("__{}_{name}", self.of_helpers),
            None => format_ident!("__{name}"),
        }
    }

    /// The name of a control: `uncached`, or `m_uncached`.
    pub(super) fn control(&self, name: &str) -> Ident {
        match &self.prefix {
            Some(_) if self.is_hidden => self.hidden(name),
            Some(prefix) => format_ident!("{prefix}_{name}"),
            None => format_ident!("{name}"),
        }
    }

    /// The method's function that leads to its static. The name is in a message
    /// where `#[cache_invalidate(m)]` names what is not memoized.
    pub(super) fn behind(&self) -> Ident {
        let prefix = match &self.prefix {
            Some(prefix) if !self.is_hidden => prefix,
            _ => &self.of_helpers,
        };
        behind(prefix, Span::call_site())
    }

    /// A generated function as it is called: `of::name`, with the method's own
    /// parameters where it has some.
    pub(super) fn path(&self, of: &TokenStream, name: &Ident) -> TokenStream {
        let turbofish = self.turbofish();
        quote!(#of::#name #turbofish)
    }

    fn turbofish(&self) -> TokenStream {
        let names = type_parameters(&self.function.sig.generics);
        if self.prefix.is_none() || names.is_empty() {
            return TokenStream::new();
        }
        quote!(::<#(#names),*>)
    }

    /// What a method's attributes say of all that stands beside it; the `impl` of
    /// a companion has that once.
    pub(super) fn lints(&self) -> TokenStream {
        match self.prefix {
            Some(_) => attrs::for_controls(self.function),
            None => TokenStream::new(),
        }
    }

    /// The same for the helpers, which nobody is to be shown: in a trait they are
    /// as visible as the trait.
    pub(super) fn helper_lints(&self) -> TokenStream {
        let lints = self.lints();
        match self.prefix {
            Some(_) => quote!(#lints #[doc(hidden)]),
            None => lints,
        }
    }

    /// `where Self: Sized`, if the method has it: without, no helper of it may be
    /// part of a `dyn` trait.
    pub(super) fn self_sized(&self) -> Option<TokenStream> {
        let clause = self.function.sig.generics.where_clause.as_ref()?;
        let is_it = |predicate: &WherePredicate| {
            let predicate = predicate.to_token_stream().to_string();
            predicate.starts_with("Self :") && predicate.contains("Sized")
        };
        clause
            .predicates
            .iter()
            .any(is_it)
            .then(|| quote!(where Self: Sized))
    }

    /// What a generated function declares that does not take the arguments.
    pub(super) fn declared(&self, own: &TokenStream) -> Declared {
        self.declare(own, false)
    }

    /// What a generated function declares that takes the arguments: it is as
    /// general as the function itself.
    pub(super) fn declared_with_lifetimes(&self, own: &TokenStream) -> Declared {
        self.declare(own, true)
    }

    fn declare(&self, own: &TokenStream, with_lifetimes: bool) -> Declared {
        let generics = &self.function.sig.generics;
        let is_method = self.prefix.is_some();
        let mut params: Vec<TokenStream> = Vec::new();
        if is_method && lifetimes_in_bounds(generics) {
            params.extend(
                generics
                    .lifetimes()
                    .map(|param| respan(param.to_token_stream())),
            );
        } else if with_lifetimes {
            params.extend(lifetimes(generics).into_iter().map(respan));
        }
        // The lifetimes of `own` come before types, and its types after them.
        let is_lifetime = own.to_string().starts_with('\'');
        if is_lifetime {
            params.insert(0, own.clone());
        }
        let mut clause = TokenStream::new();
        if is_method {
            // The user's tokens, so that what is said of bounds is said once.
            let types = generics.params.iter();
            let types = types.filter(|param| !matches!(param, syn::GenericParam::Lifetime(_)));
            params.extend(types.map(ToTokens::to_token_stream));
            clause = generics.where_clause.to_token_stream();
        }
        if !is_lifetime && !own.is_empty() {
            params.push(own.clone());
        }
        let params = if params.is_empty() {
            TokenStream::new()
        } else {
            quote!(<#(#params),*>)
        };
        Declared { params, clause }
    }
}

/// What a path consists of, as part of a name.
fn letters(path: &Path) -> String {
    let path = path.to_token_stream().to_string();
    let letters = path.chars().filter(|c| !c.is_whitespace());
    letters
        .map(|c| if c.is_alphanumeric() { c } else { '_' })
        .collect()
}

/// The name by which `#[cache_invalidate(m)]` finds what lies behind a method.
pub(crate) fn behind(prefix: &str, span: Span) -> Ident {
    Ident::new(&format!("__lru_cache_of_{prefix}"), span)
}
