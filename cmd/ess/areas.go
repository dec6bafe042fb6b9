package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
	"github.com/ess-thailand/ess/postgres"
)

var areaColumns = []string{"district", "unit"}

// importAreas names the stations that are responsible for districts. For every
// other district it is the nearest one.
func (p *parts) importAreas(ctx context.Context, file string) error {
	units, err := p.store.Units(ctx, postgres.UnitFilter{Level: casefile.LevelStation})
	if err != nil {
		return err
	}
	areas, err := readAreas(file, p.places, units)
	if err != nil {
		return err
	}
	if err := p.store.UpsertStationAreas(ctx, areas); err != nil {
		return err
	}
	fmt.Printf("%d districts\n", len(areas))
	return nil
}

// readAreas reads the list and reports every bad line of it, or returns it whole.
func readAreas(file string, places *policy.Places, stations []casefile.Unit) ([]postgres.StationArea, error) {
	districts := map[string]bool{}
	for _, d := range places.Districts() {
		districts[d.Code] = true
	}
	byCode := map[string]casefile.Unit{}
	for _, u := range stations {
		byCode[u.Code] = u
	}
	var areas []postgres.StationArea
	named := map[string]bool{}
	err := readCSV(file, areaColumns, func(row map[string]string) error {
		district, station := row["district"], byCode[row["unit"]]
		switch {
		case !districts[district]:
			return fmt.Errorf("there is no district %q", district)
		case named[district]:
			return fmt.Errorf("district %s stands in the list twice", district)
		case station.ID == "":
			return fmt.Errorf("there is no police station %q", row["unit"])
		case station.State != casefile.UnitLive:
			return errors.New("the station is closed: it would answer for nothing")
		}
		named[district] = true
		areas = append(areas, postgres.StationArea{District: district, Unit: station.ID})
		return nil
	})
	return areas, err
}
