// Package line is the LINE door: what people do in the chat becomes our own
// words, and what we say becomes LINE messages.
//
// Inbound, Verify, Split and Parse turn a webhook body into casefile.Incoming,
// one event at a time. Outbound, Client renders the templates, checks every
// limit of LINE that its API description leaves out, and sends. Every sentence
// that ESS says in LINE is in this package, in Thai and in English.
//
// It holds no rules about cases and no memory: who may press which button is
// the law's business (package casefile), and what was sent is recorded by the
// caller. It never logs or returns a body, a text, a name, a place or a user ID.
package line
