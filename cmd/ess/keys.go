package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/vault"
)

// keysCommand creates and rotates the keys of personal data.
func keysCommand() *cli.Command {
	file := func() (string, error) {
		name, ok := strings.CutPrefix(environment()["ESS_KEYSET"], "file:")
		if !ok || name == "" {
			return "", errors.New("ESS_KEYSET must say in which file the keys live: file:/path/of/keyset.json")
		}
		return name, nil
	}
	return &cli.Command{
		Name: "keys", Usage: "the keys of personal data, in the file ESS_KEYSET",
		Commands: []*cli.Command{
			{Name: "new", Usage: "create a keyset; refuses to overwrite one", Action: func(context.Context, *cli.Command) error {
				name, err := file()
				if err != nil {
					return err
				}
				return vault.Generate(name)
			}},
			{Name: "rotate", Usage: "add a key that seals from here on; the old ones still open", Action: func(context.Context, *cli.Command) error {
				name, err := file()
				if err != nil {
					return err
				}
				return vault.Rotate(name)
			}},
		},
	}
}

// loadPolicy is the policy in force: a file, or the one that is built in.
func loadPolicy(file string) (*policy.Policy, error) {
	if file == "" {
		return policy.Default(), nil
	}
	raw, err := os.ReadFile(file) // #nosec -- the operator names it
	if err != nil {
		return nil, err
	}
	return policy.Parse(file, raw)
}

// loadPlaces are the provinces and districts, with boundaries where a folder is configured.
func loadPlaces(boundaries string) (*policy.Places, error) {
	places := policy.DefaultPlaces()
	if boundaries == "" {
		return places, nil
	}
	return places.LoadBoundaries(boundaries)
}

func policyFile(file string) error {
	if file == "" {
		return errors.New("say which file: ess policy check FILE")
	}
	p, err := loadPolicy(file)
	if err != nil {
		return err
	}
	fmt.Printf("%s: version %s, in force from %s, no mistakes\n", file, p.Version, p.ValidFrom)
	return nil
}
