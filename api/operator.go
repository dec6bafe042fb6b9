package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
	"golang.org/x/time/rate"

	"github.com/ess-thailand/ess/casefile"
)

// Operator is one person at a console, or another agency's system. Where the
// law wants two persons they are two operators.
type Operator struct {
	Name      string // recorded with everything the operator does
	Token     string
	Provinces []string          // all that the operator may see and do lies there; empty: everywhere
	Unit      casefile.UnitID   // their organisation, so that a case may keep away from it; empty: not said
	Roles     []OperatorRole    // without one the operator may do nothing
	Member    casefile.MemberID // who they are on a phone, so that nobody is two people; empty: not said
}

// Actor is the operator as the record knows them.
func (o Operator) Actor() casefile.Actor {
	return casefile.Actor{Kind: casefile.ByOperator, ID: o.Name}
}

// sees reports whether something in a province is inside the operator's scope.
// What has no province yet is seen by those who see everything.
func (o Operator) sees(province string) bool {
	return len(o.Provinces) == 0 || slices.Contains(o.Provinces, province)
}

// mayHave reports whether a case is inside the operator's scope, and does not keep
// away from their organisation.
func (o Operator) mayHave(c casefile.Case) bool {
	return o.sees(c.Place.Province) && !c.Excludes(o.Unit, "")
}

// province is the one that a list is about: the one asked for, or the
// operator's only one; empty for an operator who sees everything.
func (o Operator) province(asked string) (string, error) {
	switch {
	case asked != "" && !o.sees(asked):
		return "", errOutOfScope
	case asked != "" || len(o.Provinces) == 0:
		return asked, nil
	case len(o.Provinces) == 1:
		return o.Provinces[0], nil
	default:
		return "", invalid("province", "โปรดระบุจังหวัดของท่านหนึ่งจังหวัด", "name one of your provinces")
	}
}

// desk is an operator with its token hashed and its own rate limit.
type desk struct {
	Operator
	token   [sha256.Size]byte
	limiter *rate.Limiter
}

func desks(operators []Operator, perSecond float64) []desk {
	all := make([]desk, 0, len(operators))
	for _, o := range operators {
		all = append(all, desk{
			Operator: o, token: sha256.Sum256([]byte(o.Token)), limiter: rate.NewLimiter(rate.Limit(perSecond), max(1, int(2*perSecond))),
		})
	}
	return all
}

// find looks a token up in the same time for every token: both sides are hashed
// and every operator is compared.
func find(all []desk, header string) (desk, bool) {
	scheme, token, ok := strings.Cut(header, " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return desk{}, false
	}
	given := sha256.Sum256([]byte(token))
	found := -1
	for i := range all {
		if subtle.ConstantTimeCompare(given[:], all[i].token[:]) == 1 {
			found = i
		}
	}
	if found < 0 {
		return desk{}, false
	}
	return all[found], true
}

type operatorKey struct{}

// Viewer is who stands behind a request's context; the zero Operator outside of one.
func Viewer(ctx context.Context) Operator {
	o, _ := ctx.Value(operatorKey{}).(Operator)
	return o
}

// signedIn lets operators in, each as often as their limit allows.
func (s *Server) signedIn(c *gin.Context) {
	values := c.Request.Header.Values("Authorization")
	if len(values) != 1 {
		s.fail(c, errNotSignedIn)
		return
	}
	d, ok := find(s.desks, values[0])
	if !ok {
		s.fail(c, errNotSignedIn)
		return
	}
	c.Set("operator", d.Name)
	if !d.limiter.Allow() {
		s.fail(c, errTooMany)
		return
	}
	c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), operatorKey{}, d.Operator))
}
