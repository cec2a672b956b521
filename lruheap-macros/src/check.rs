//! Every refusal that concerns the function, with the fix. All are looked for;
//! none of them ends the search.

mod tags;

pub(crate) use tags::speaks_of;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{GenericParam, ReturnType, Signature, Type};

use crate::block::Block;
use crate::error::Errors;
use crate::expand::{is_surely_no_alias, key, tracks_callers};
use crate::item::{Function, Holding, Home, Key, This};
use crate::options::{Companion, Options, Scope, is_primitive};

pub(crate) const CLEARS_ITSELF: &str = "a memoized method can't clear the caches that it is answered from: leave one of the two attributes out";

/// Notes whatever keeps the function from being memoized.
pub(crate) fn check(
    function: &Function,
    options: &Options,
    block: Option<&Block>,
    errors: &mut Errors,
) {
    qualifiers(function, block, errors);
    if let Some(this) = &function.this {
        receiver(this, options, errors);
    }
    parameters(function, options, errors);
    tags::check(function, options, errors);
    failure(function, options, errors);
    sharing(function, options, block, errors);
    result(function, options, errors);
    companion(function, options, errors);
}

fn qualifiers(function: &Function, block: Option<&Block>, errors: &mut Errors) {
    let sig = &function.sig;
    if let Some(constness) = &sig.constness {
        errors.at(constness, "a `const fn` can't be memoized: it may run at compile time, where there is no cache; leave out `const`");
    }
    if function.body.is_none() {
        errors.at(sig, "a function needs a body to be memoized");
    } else if function.this.is_none() && block.is_none() {
        if let Some(this) = mention_of_self(sig).or_else(|| self_in_body(function)) {
            errors.at(this, "an associated function without `self` is memoized with its `impl` block: put `#[lru_cache]` on the block as well");
        }
    }
    if let Some(variadic) = &sig.variadic {
        errors.at(
            variadic,
            "a variadic function can't be memoized: its arguments can't be compared",
        );
    }
    for attr in &function.attrs {
        let last = attr.path().segments.last();
        if last.is_some_and(|last| last.ident == "cache_invalidate") {
            errors.at(attr, CLEARS_ITSELF);
        }
    }
    for attr in &function.again {
        errors.at(
            attr,
            "the function is memoized twice: leave one of the two attributes out",
        );
    }
}

/// Whether the function speaks of `Self`, and so stands in an `impl` or a trait.
pub(crate) fn is_associated(function: &Function) -> bool {
    mention_of_self(&function.sig)
        .or_else(|| self_in_body(function))
        .is_some()
}

/// `Self` in the body, unless the body has items of its own that may mean it.
fn self_in_body(function: &Function) -> Option<TokenTree> {
    let body = function.body.as_ref()?.stream();
    let items = ["impl", "trait", "struct", "enum", "union"];
    if items
        .iter()
        .any(|item| word_anywhere(body.clone(), item).is_some())
    {
        return None;
    }
    word_anywhere(without_macros(body), "Self")
}

/// The tokens less what is handed to macros, where `Self` may mean anything.
fn without_macros(tokens: TokenStream) -> TokenStream {
    let mut kept: Vec<TokenTree> = Vec::new();
    for token in tokens {
        let of_macro = matches!(kept.last(), Some(TokenTree::Punct(bang)) if bang.as_char() == '!')
            && matches!(kept.iter().nth_back(1), Some(TokenTree::Ident(_)));
        match token {
            TokenTree::Group(_) if of_macro => {}
            TokenTree::Group(group) => {
                let inner = without_macros(group.stream());
                kept.push(Group::new(group.delimiter(), inner).into());
            }
            token => kept.push(token),
        }
    }
    kept.into_iter().collect()
}

fn word_anywhere(tokens: TokenStream, word: &str) -> Option<TokenTree> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) if ident == word => Some(TokenTree::Ident(ident)),
        TokenTree::Group(group) => word_anywhere(group.stream(), word),
        _ => None,
    })
}

fn receiver(this: &This, options: &Options, errors: &mut Errors) {
    let receiver = &this.receiver;
    match &this.holding {
        Holding::Exclusive => errors.at(receiver, "a method that takes `&mut self` can't be memoized: a call that is answered from the cache would change nothing; take `&self`"),
        Holding::Value | Holding::Other => errors.at(receiver, "a memoized method takes `&self`; or `self: Arc<Self>`, `&Arc<Self>`, `Rc<Self>` or `&Rc<Self>`, and then its type needs no field for the cache"),
        Holding::Reference | Holding::Counted { .. } => {}
    }
    if options.scope != Scope::Thread {
        return;
    }
    match this.home() {
        Home::Instance => errors.at(receiver, "the caches of an instance are for all threads that use it: leave out `scope = thread`; or take `self: &Rc<Self>`, whose instances belong to a thread"),
        Home::Counted { is_local: false } => errors.at(receiver, "what is in an `Arc` is for all threads: leave out `scope = thread`, or take `self: &Rc<Self>`"),
        Home::Counted { is_local: true } | Home::Shared => {}
    }
}

fn parameters(function: &Function, options: &Options, errors: &mut Errors) {
    for param in &function.params {
        for attr in &param.input.attrs {
            if attr.path().is_ident("cfg") {
                errors.at(attr, "a parameter of a memoized function can't come and go: put the `#[cfg]` on two versions of the function");
            }
            if attr.path().is_ident("cfg_attr") && word_in(attr.to_token_stream(), "key").is_some()
            {
                errors.at(attr, "what is a key can't depend on a `cfg`: write `#[key(…)]` without it, or put a `#[cfg]` on two versions of the function");
            }
        }
        match &param.key {
            Key::Computed(_) if param.name().is_none() => {
                errors.at(&param.input.pat, "`#[key(expr)]` speaks of the parameter by name: give it a name here, and take it apart in the body");
                continue;
            }
            Key::Skip | Key::Computed(_) => continue,
            Key::Whole => {}
        }
        if let Some(message) = unfit(param.ty()) {
            errors.at(param.ty(), message);
        } else if let Err(error) = key::shape(param.ty(), &TokenStream::new(), &options.krate) {
            errors.push(error);
        }
    }
}

/// Why an argument of this type can't be part of a key, if that is plain to see.
fn unfit(ty: &Type) -> Option<&'static str> {
    const NO_SIZE: &str = "an argument of a type without a size can't be passed: take it by reference (`&str`, `&[T]`)";
    match key::ungrouped(ty) {
        Type::Reference(reference) if reference.mutability.is_some() => Some(
            "a `&mut` parameter can't be part of a cache key: a call that is answered from the cache would change nothing; leave it out of the key with `#[key(skip)]`, or take it by value",
        ),
        Type::Reference(reference) if matches!(*reference.elem, Type::TraitObject(_)) => Some(
            "a trait object can't be part of a cache key, because it has no owned form: put something that has in its place with `#[key(expr)]`, or leave it out of the key with `#[key(skip)]`",
        ),
        _ if has_no_size(ty) => Some(NO_SIZE),
        _ => None,
    }
}

pub(crate) fn has_no_size(ty: &Type) -> bool {
    match key::ungrouped(ty) {
        Type::Slice(_) | Type::TraitObject(_) => true,
        Type::Path(path) => path.path.is_ident("str"),
        _ => false,
    }
}

fn result(function: &Function, options: &Options, errors: &mut Errors) {
    let ReturnType::Type(_, ty) = &function.sig.output else {
        return;
    };
    if let Type::Never(_) = &**ty {
        errors.at(ty, "a function that never returns has no result to cache");
        return;
    }
    if has_no_size(ty) {
        errors.at(ty, "a result of a type without a size can't be returned: return an owned value (`String`, `Vec<T>`, `Arc<dyn Trait + Send + Sync>`)");
        return;
    }
    if let Some(word) = word_in(ty.to_token_stream(), "impl") {
        errors.at(word_span(ty, &word), "a result of type `impl Trait` can't be cached, because the cache has to name its type: write the type, or `Arc<dyn Trait + Send + Sync>`");
        return;
    }
    // An `Err` is not kept unless that is asked for, so it may borrow.
    let kept = key::ok_type(ty)
        .filter(|_| !options.cache_err)
        .unwrap_or(ty);
    if let Some(borrow) = key::borrow_in(kept) {
        errors.at(borrow, "a borrowed result can't be cached, because it would have to outlive what it borrows from: return an owned value (`String` for `&str`, `Vec<T>` for `&[T]`, `Arc<T>` for `&T`), or a `'static` reference");
    }
    if options.typed == Some(false) {
        for param in &function.sig.generics.params {
            let name = match param {
                GenericParam::Type(param) => &param.ident,
                GenericParam::Const(param) => &param.ident,
                GenericParam::Lifetime(_) => continue,
            };
            if let Some(word) = word_in(kept.to_token_stream(), &name.to_string()) {
                errors.at(word, format!("with `typed = false` all instantiations share their results, so the return type can't name `{name}`: return a type that is the same for all, or leave out `typed = false`"));
            }
        }
    }
}

/// Refuses `stale_if_error` where the result is plainly none that can be an error;
/// what may be another name for one, the compiler looks up.
fn failure(function: &Function, options: &Options, errors: &mut Errors) {
    let of_param = |ty: &Type| {
        let mut params = function.sig.generics.type_params();
        params.any(|param| matches!(ty, Type::Path(path) if path.path.is_ident(&param.ident)))
    };
    let is_result = match &function.sig.output {
        ReturnType::Default => false,
        ReturnType::Type(_, ty) => !is_surely_no_alias(ty) && !of_param(key::ungrouped(ty)),
    };
    if let Some(stale) = options.stale_if_error.as_ref().filter(|_| !is_result) {
        stale.refuse(
            "`stale_if_error` is for functions that return a `Result`: leave the option out",
            errors,
        );
    }
}

/// Refuses `shared` where other processes have no such thing.
fn sharing(function: &Function, options: &Options, block: Option<&Block>, errors: &mut Errors) {
    let Some(shared) = &options.shared else {
        return;
    };
    if function.this.is_some() {
        errors.at(&shared.name, "`shared` is for functions: other processes don't have this instance; write a function of what the result depends on, and call that");
        return;
    }
    if block.is_some() {
        errors.at(&shared.name, "`shared` is for functions outside of an `impl`: write the function beside it, and call that");
        return;
    }
    // That it stands in a block has been said.
    if is_associated(function) {
        return;
    }
    if tracks_callers(&function.attrs) {
        errors.at(&shared.name, "with `shared` the body runs from a closure, which has no caller to track: leave out `#[track_caller]`, or `shared`");
    }
    for param in &function.params {
        if let (Key::Whole, Some(word)) =
            (&param.key, word_in(param.ty().to_token_stream(), "impl"))
        {
            errors.at(word_span(param.ty(), &word), "with `shared`, the type of an argument needs a name: write a type parameter in the place of `impl Trait`, put something else into the key with `#[key(expr)]`, or leave it out with `#[key(skip)]`");
        }
    }
    if let ReturnType::Type(_, ty) = &function.sig.output {
        let kept = key::ok_type(ty)
            .filter(|_| !options.cache_err)
            .unwrap_or(ty);
        let tokens = kept.to_token_stream();
        // Which is nothing to be read.
        let is_marker = word_in(tokens.clone(), "PhantomData").is_some();
        if let Some(reference) = reference_in(tokens).filter(|_| !is_marker) {
            errors.at(reference, "with `shared`, a result is read from the store, and a reference can't be: return an owned value (`String` or `Cow<'static, str>` for `&'static str`, `Vec<T>` for `&'static [T]`)");
        }
    }
    if let Some(once) = shared.at_most_once {
        let is_result =
            matches!(&function.sig.output, ReturnType::Type(_, ty) if key::ok_type(ty).is_some());
        if !is_result || options.cache_err {
            errors.push(syn::Error::new(once, "`at_most_once` may have no result to give, so it is for functions that return `Result<T, E>`, with `E: From<lruheap::shared::Error>` and without `cache_err`"));
        }
    }
}

fn companion(function: &Function, options: &Options, errors: &mut Errors) {
    let name = function.name();
    if matches!(options.companion, Companion::Named(None)) && is_primitive(&name) {
        errors.at(&function.sig.ident, format!("the companion type of this function would hide the primitive type `{name}`: name it with `companion = some_name`, or leave it out with `companion = none`"));
    }
}

fn mention_of_self(sig: &Signature) -> Option<TokenTree> {
    word_in(sig.to_token_stream(), "Self")
}

/// The first `&'static` in a type, at any depth.
fn reference_in(tokens: TokenStream) -> Option<TokenStream> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is_reference = |three: &[TokenTree]| {
        matches!(three, [TokenTree::Punct(and), TokenTree::Punct(quote), TokenTree::Ident(word)]
            if and.as_char() == '&' && quote.as_char() == '\'' && word == "static")
    };
    let here = tokens.windows(3).find(|three| is_reference(three));
    here.map(|three| three.iter().cloned().collect())
        .or_else(|| {
            tokens.iter().find_map(|token| match token {
                TokenTree::Group(group) => reference_in(group.stream()),
                _ => None,
            })
        })
}

/// The first identifier `word` in `tokens`, at any depth.
fn word_in(tokens: TokenStream, word: &str) -> Option<TokenTree> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) if ident == word => Some(TokenTree::Ident(ident)),
        TokenTree::Group(group) if group.delimiter() != Delimiter::Brace => {
            word_in(group.stream(), word)
        }
        _ => None,
    })
}

/// The whole of `-> impl Trait`, or the `impl` where it stands inside.
fn word_span(ty: &Type, word: &TokenTree) -> TokenStream {
    match ty {
        Type::ImplTrait(_) => ty.to_token_stream(),
        _ => word.to_token_stream(),
    }
}
