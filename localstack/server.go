package main

import (
	"errors"
	"fmt"
	"net"

	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

const (
	mainStore       = "temporal" // store names and database names are the same
	visibilityStore = "temporal_visibility"
	clusterName     = "active"
)

// dynamicConfig lists every server setting that ESS relies on or that differs
// here from the server's default.
var dynamicConfig = dynamicconfig.StaticClient{
	// Priority by urgency and fairness by province. Strict order holds within
	// one partition only, and our queues are far from needing four.
	dynamicconfig.MatchingUseNewMatcher.Key():               true,
	dynamicconfig.MatchingEnableFairness.Key():              true,
	dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
	dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,

	dynamicconfig.MaxIDLengthLimit.Key():           255,  // the width of the PostgreSQL columns
	dynamicconfig.EnablePrincipalPropagation.Key(): true, // who acted, in history

	// Worker deployment versions drain in seconds, so that a test sees it happen.
	dynamicconfig.VersionDrainageStatusVisibilityGracePeriod.Key(): "5s",
	dynamicconfig.VersionDrainageStatusRefreshInterval.Key():       "5s",

	// A timer that is due within this span of its making may fire so much later.
	// Cases that are lived through faster than real time have waits below the
	// default of a second.
	dynamicconfig.TimerProcessorMaxTimeShift.Key(): "10ms",

	// A new search attribute is usable at once. Never in production: it reads
	// the database on every list.
	dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key(): true,

	dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(): 100,
	dynamicconfig.EnableServerVersionCheck.Key():                     false, // no call to the outside

	// The limits of one instance in a cluster; here one process is all of it,
	// and a benchmark must meet the machine's limit, not these.
	dynamicconfig.FrontendRPS.Key():                        20_000,
	dynamicconfig.FrontendMaxNamespaceRPSPerInstance.Key(): 20_000,
	dynamicconfig.HistoryRPS.Key():                         20_000,
	dynamicconfig.MatchingRPS.Key():                        20_000,
	dynamicconfig.FrontendPersistenceMaxQPS.Key():          20_000,
	dynamicconfig.HistoryPersistenceMaxQPS.Key():           20_000,
	dynamicconfig.MatchingPersistenceMaxQPS.Key():          20_000,
}

// startServer starts the four Temporal services in this process.
func startServer(o options, logger log.Logger) (temporal.Server, error) {
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	portOf := map[primitives.ServiceName]int{
		primitives.FrontendService: o.frontendPort,
		primitives.HistoryService:  ports[0],
		primitives.MatchingService: ports[1],
		primitives.WorkerService:   ports[2],
	}
	services := map[string]config.Service{}
	hosts := map[primitives.ServiceName]static.Hosts{}
	for name, port := range portOf {
		services[string(name)] = config.Service{RPC: config.RPC{GRPCPort: port, BindOnLocalHost: true}}
		hosts[name] = static.SingleLocalHost(loopback(port)) // no gossip, so no gossip ports
	}

	cfg := &config.Config{
		Global: config.Global{Membership: config.Membership{BroadcastAddress: "127.0.0.1"}},
		Persistence: config.Persistence{
			DefaultStore:     mainStore,
			VisibilityStore:  visibilityStore,
			NumHistoryShards: int32(o.shards),
			DataStores: map[string]config.DataStore{
				mainStore:       {SQL: database(o, mainStore, 20)},
				visibilityStore: {SQL: database(o, visibilityStore, 8)},
			},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: loopback(o.frontendPort)},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Services:            services,
		Archival: config.Archival{
			History:    config.HistoryArchival{State: "disabled"},
			Visibility: config.VisibilityArchival{State: "disabled"},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: "disabled"},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: "disabled"},
		}},
		PublicClient: config.PublicClient{HostPort: loopback(o.frontendPort)},
	}

	server, err := temporal.NewServer(
		temporal.WithConfig(cfg),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts),
		temporal.WithDynamicConfigClient(dynamicConfig),
		temporal.WithLogger(logger),
	)
	if err != nil {
		return nil, fmt.Errorf("configure the Temporal server: %w", err)
	}
	if err := server.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start the Temporal server: %w", err), server.Stop())
	}
	return server, nil
}

// database is the connection to one of the two databases. The URL's parameters
// are passed on as they are, so a Unix socket works as ?host=/folder&port=5432.
func database(o options, name string, maxConns int) *config.SQL {
	attributes := map[string]string{}
	for key, values := range o.postgres.Query() {
		attributes[key] = values[0]
	}
	address := o.postgres.Host
	if address == "" {
		address = "localhost:5432" // required by the server, overruled by host and port above
	}
	password, _ := o.postgres.User.Password()
	return &config.SQL{
		PluginName:        postgresql.PluginNamePGX,
		DatabaseName:      name,
		ConnectProtocol:   "tcp",
		ConnectAddr:       address,
		ConnectAttributes: attributes,
		User:              o.postgres.User.Username(),
		Password:          password,
		MaxConns:          maxConns,
		MaxIdleConns:      maxConns,
	}
}

// newLogger writes to standard error. Stack traces are left out: they are of
// the server, not of us, and hide the line that says what is wrong. The second
// result is what is let through just now: while the services start and stop
// they warn about each other's absence, which is no news.
func newLogger(level string) (log.Logger, zap.AtomicLevel) {
	cfg := log.Config{Level: level, Format: "console"}
	through := zap.NewAtomicLevelAt(zapcore.ErrorLevel)
	if log.ParseZapLevel(level) < zapcore.WarnLevel {
		through.SetLevel(zapcore.DebugLevel) // whoever asks for more wants the start, too
	}
	zl := log.BuildZapLogger(cfg).WithOptions(zap.AddStacktrace(zapcore.FatalLevel), zap.IncreaseLevel(through))
	return log.NewZapLogger(zl), through
}

// freePorts asks the kernel for ports; all are held until all are known, so
// that no two are the same.
func freePorts(n int) ([]int, error) {
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", loopback(0))
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}
