package lineemu

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// spec is LINE's own OpenAPI description, made fit for validation.
type spec struct{ paths *openapi3.Paths }

// loadSpec reads messaging-api.yml. As published, a validator sees of every
// message only that its type is a string: parents name their children in a
// discriminator, and children include the parent by allOf. Here each parent
// becomes a oneOf of its children, and each child gets the parent's
// properties without its discriminator.
func loadSpec(dir string) (*spec, error) {
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(dir, "messaging-api.yml"))
	if err != nil {
		return nil, fmt.Errorf("lineemu: LINE's description: %w", err)
	}
	const prefix = "#/components/schemas/"
	schemas := doc.Components.Schemas
	plain := map[string]*openapi3.Schema{} // parents without their discriminator
	for name, s := range schemas {
		if s.Value.Discriminator == nil {
			continue
		}
		c := *s.Value
		c.Discriminator = nil
		plain[prefix+name] = &c
	}
	for _, s := range schemas {
		for i, part := range s.Value.AllOf {
			if p, ok := plain[part.Ref]; ok {
				s.Value.AllOf[i] = &openapi3.SchemaRef{Value: p}
			}
		}
	}
	for ref := range plain {
		parent := schemas[strings.TrimPrefix(ref, prefix)].Value
		parent.Properties, parent.Required = nil, nil
		for _, child := range parent.Discriminator.Mapping {
			target, ok := schemas[strings.TrimPrefix(child.Ref, prefix)]
			if !ok {
				return nil, fmt.Errorf("lineemu: LINE's description has no %s", child.Ref)
			}
			parent.OneOf = append(parent.OneOf, &openapi3.SchemaRef{Ref: child.Ref, Value: target.Value})
		}
	}
	// The SDK always sends customAggregationUnits, null when there are none.
	for _, name := range []string{"PushMessageRequest", "MulticastRequest"} {
		schemas[name].Value.Properties["customAggregationUnits"].Value.Nullable = true
	}
	// LINE counts these in grapheme clusters, which no schema can.
	for _, name := range []string{"chatBarText", "name"} {
		schemas["RichMenuRequest"].Value.Properties[name].Value.MaxLength = nil
	}
	return &spec{paths: doc.Paths}, nil
}

// check validates a decoded JSON request body against the description.
func (s *spec) check(method, path string, body any) *problem {
	if s == nil {
		return nil
	}
	item := s.paths.Value(path)
	if item == nil || item.GetOperation(method) == nil || item.GetOperation(method).RequestBody == nil {
		return nil
	}
	media := item.GetOperation(method).RequestBody.Value.Content.Get("application/json")
	if media == nil {
		return nil
	}
	err := media.Schema.Value.VisitJSON(body, openapi3.VisitAsRequest())
	if err == nil {
		return nil
	}
	c := &checker{}
	var se *openapi3.SchemaError
	if errors.As(err, &se) {
		c.add(strings.Join(se.JSONPointer(), "."), "%s", se.Reason)
	} else {
		c.add("", "does not match LINE's OpenAPI description")
	}
	return c.problem()
}
