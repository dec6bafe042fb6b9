// Package api holds the doors for programs: the REST API, and the webhook that
// LINE posts to.
//
// openapi.yaml is its table of contents; the strict server in openapi.gen.go is
// made from it, and what does not match it never reaches a handler. A handler
// makes one call and returns a value or an error. The package holds no rule
// about cases: what may happen to one is the law's business (package casefile),
// and a case is written by its own workflow only, through a Commander. It reads
// through the small interfaces in needs.go.
//
// It never logs a body, a query, a text, a name, a place or a token.
package api

//go:generate go tool -modfile=../tools/go.mod oapi-codegen -config oapi-codegen.yaml openapi.yaml
