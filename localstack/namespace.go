package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/server/common/log"

	"google.golang.org/protobuf/types/known/durationpb"
)

// readyWait is how long the server may take to answer; it needs one to three seconds.
const readyWait = time.Minute

// prepare waits until the server answers, then registers the namespace and its
// search attributes, and returns when both can be used.
func prepare(ctx context.Context, o options) error {
	ctx, cancel := context.WithTimeout(ctx, readyWait)
	defer cancel()

	var c client.Client
	err := eventually(ctx, func() (err error) {
		c, err = client.DialContext(ctx, client.Options{
			HostPort:  loopback(o.frontendPort),
			Namespace: o.namespace,
			Logger:    log.NewSdkLogger(log.NewNoopLogger()), // while it starts, refusals are expected
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("the Temporal server does not answer: %w", err)
	}
	defer c.Close()

	if err := registerNamespace(ctx, c, o); err != nil {
		return fmt.Errorf("register namespace %s: %w", o.namespace, err)
	}
	if err := registerSearchAttributes(ctx, c, o); err != nil {
		return fmt.Errorf("register search attributes of namespace %s: %w", o.namespace, err)
	}
	err = eventually(ctx, func() error {
		_, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: o.namespace})
		return err
	})
	if err != nil {
		return fmt.Errorf("namespace %s cannot be listed: %w", o.namespace, err)
	}
	return nil
}

// registerNamespace creates the namespace, or gives an existing one the
// retention that was asked for.
func registerNamespace(ctx context.Context, c client.Client, o options) error {
	retention := durationpb.New(o.retention)
	_, err := c.WorkflowService().RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace:                        o.namespace,
		WorkflowExecutionRetentionPeriod: retention,
	})
	var exists *serviceerror.NamespaceAlreadyExists
	if !errors.As(err, &exists) {
		return err
	}
	_, err = c.WorkflowService().UpdateNamespace(ctx, &workflowservice.UpdateNamespaceRequest{
		Namespace: o.namespace,
		Config:    &namespacepb.NamespaceConfig{WorkflowExecutionRetentionTtl: retention},
	})
	return err
}

// registerSearchAttributes adds the missing ones. A different type under a
// known name is fatal: rows that are stored already would mean something else.
func registerSearchAttributes(ctx context.Context, c client.Client, o options) error {
	var known map[string]enumspb.IndexedValueType
	err := eventually(ctx, func() error { // a new namespace reaches the caches a moment later
		r, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: o.namespace})
		known = r.GetCustomAttributes()
		return err
	})
	if err != nil {
		return err
	}
	missing := map[string]enumspb.IndexedValueType{}
	var errs []error
	for name, want := range o.searchAttributes {
		switch have, ok := known[name]; {
		case !ok:
			missing[name] = want
		case have != want:
			errs = append(errs, fmt.Errorf("%s is stored as %s, not %s: remove it or start with an empty database", name, have, want))
		}
	}
	if err := errors.Join(errs...); err != nil || len(missing) == 0 {
		return err
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace:        o.namespace,
		SearchAttributes: missing,
	})
	return err
}

// eventually repeats do until it succeeds or ctx ends, and then returns the
// last error of do, which says more than the deadline.
func eventually(ctx context.Context, do func() error) error {
	for {
		err := do()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}
