package api

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/gin-gonic/gin"
)

//go:embed openapi.yaml
var openapiYAML []byte

// contract is openapi.yaml by route, as gin writes routes.
type contract map[string]*routers.Route

func loadContract() (contract, error) {
	takeCSV()
	doc, err := openapi3.NewLoader().LoadFromData(openapiYAML)
	if err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	routes := contract{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			routes[method+" "+ginPath(path)] = &routers.Route{Spec: doc, Path: path, PathItem: item, Method: method, Operation: op}
		}
	}
	return routes, nil
}

func ginPath(path string) string { return strings.NewReplacer("{", ":", "}", "").Replace(path) }

// of is the operation that a request has reached.
func (k contract) of(c *gin.Context) (*routers.Route, bool) {
	r, ok := k[c.Request.Method+" "+c.FullPath()]
	return r, ok
}

// matches lets only what openapi.yaml describes pass, and fills in its defaults.
func (s *Server) matches(c *gin.Context) {
	route, ok := s.contract.of(c)
	if !ok {
		s.fail(c, errNoRoute)
		return
	}
	params := map[string]string{}
	for _, p := range c.Params {
		params[p.Key] = p.Value
	}
	request := c.Request
	if inPieces(route) { // who reads it keeps what arrived when the line breaks
		bodiless := *c.Request
		bodiless.Body, request = http.NoBody, &bodiless
	}
	err := openapi3filter.ValidateRequest(c.Request.Context(), &openapi3filter.RequestValidationInput{
		Request: request, PathParams: params, Route: route,
		Options: &openapi3filter.Options{
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, // signedIn has seen to it
			KeepValidatedValue: true, RejectWhenRequestBodyNotSpecified: true,
			ExcludeRequestBody: inPieces(route),
		},
	})
	if err != nil {
		s.fail(c, mismatch(err))
	}
}

// inPieces reports whether a request's body is a piece of a file.
func inPieces(route *routers.Route) bool {
	body := route.Operation.RequestBody
	return body != nil && body.Value.Content.Get("application/offset+octet-stream") != nil
}

// mismatch says which part of a request is wrong. It quotes names of
// openapi.yaml only, never a value: a value may be personal.
func mismatch(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return errTooLarge
	}
	var request *openapi3filter.RequestError
	if !errors.As(err, &request) {
		return errMalformed
	}
	field, rule := "", ""
	var schema *openapi3.SchemaError
	if errors.As(err, &schema) {
		field, rule = strings.Join(schema.JSONPointer(), "."), schema.SchemaField
	}
	if request.Parameter != nil {
		field = request.Parameter.Name
	}
	if field == "" || rule == "" && request.Parameter == nil {
		return errMalformed
	}
	if rule == "" {
		rule = "required"
	}
	return invalid(field, "ค่าไม่ตรงตาม openapi.yaml ("+rule+")", "does not match openapi.yaml ("+rule+")")
}
