package main

import (
	"context"
	"fmt"
	"os"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// loadForms keeps the forms in force beside those that were answered before, and
// refuses a known version with other questions.
func (p *parts) loadForms(ctx context.Context) ([]casefile.Form, error) {
	forms := policy.DefaultForms()
	if folder := p.cfg.Forms; folder != "" {
		var err error
		if forms, err = policy.Forms(os.DirFS(folder)); err != nil {
			return nil, fmt.Errorf("ESS_FORMS: %w", err)
		}
	}
	return forms, p.store.LoadForms(ctx, forms)
}
