package main

import (
	"fmt"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/tools/common/schema"
	"go.temporal.io/server/tools/sql"
)

// createSchemas creates both databases and brings their schemas, which the
// server module embeds, up to date. Repeated, it changes nothing.
func createSchemas(o options, logger log.Logger) error {
	for name, embedded := range map[string]string{
		mainStore:       "postgresql/v12/temporal",
		visibilityStore: "postgresql/v12/visibility",
	} {
		if err := createSchema(o, name, embedded, logger); err != nil {
			return fmt.Errorf("schema of database %s: %w", name, err)
		}
	}
	return nil
}

func createSchema(o options, name, embedded string, logger log.Logger) error {
	// DoCreateDatabase renames the database in the config that it is given, and
	// takes an existing one for a success.
	if err := sql.DoCreateDatabase(database(o, name, 1), "postgres", logger); err != nil {
		return err
	}
	conn, err := sql.NewConnection(database(o, name, 1), logger)
	if err != nil {
		return err
	}
	defer conn.Close()

	// Version 0.0 creates the version tables and leaves later versions alone.
	if err := schema.NewSetupSchemaTask(conn, &schema.SetupConfig{InitialVersion: "0.0"}, logger).Run(); err != nil {
		return err
	}
	return schema.NewUpdateSchemaTask(conn, &schema.UpdateConfig{DBName: name, SchemaName: embedded}, logger).Run()
}
