package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/google/uuid"
	"github.com/urfave/cli/v3"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/phone"
	"github.com/ess-thailand/ess/postgres"
)

// peopleColumns are those of an import. code is the source's own key of a person:
// whoever has been imported under it is left as they are.
var peopleColumns = []string{"code", "first_name", "last_name", "number", "birth_date", "sex", "nationality", "province", "phone", "note"}

// peopleSpace makes the ID of an imported person out of the keyed hash of source and code.
var peopleSpace = uuid.MustParse("5ec1a1ed-0000-4000-8000-00000000beef")

func peopleCommand(vars map[string]string) *cli.Command {
	return &cli.Command{
		Name: "people", Usage: "the register of those whom cases are about",
		Commands: []*cli.Command{{
			Name: "import", Usage: "add people from a CSV file: " + strings.Join(peopleColumns, ","), ArgsUsage: "FILE",
			Description: "UTF-8 (with a byte-order mark or not) or TIS-620. A line with a mistake is reported with its number, the field and\n" +
				"the reason, and nothing of it is written; the others are. Whoever is there already is left as they are, so the same file\n" +
				"may be imported again. Who may be somebody else already is proposed at the API, and never merged by itself. A code is\n" +
				"its source's own: the same code of another source is another person.",
			Flags: []cli.Flag{
				&cli.StringFlag{Name: "source", Usage: "whose codes the file has, the same name at every import", Required: true},
				&cli.BoolFlag{Name: "dry-run", Usage: "only say what would happen"},
			},
			Action: func(ctx context.Context, c *cli.Command) error {
				source := strings.TrimSpace(c.String("source"))
				if c.Args().Len() != 1 || source == "" || strings.Contains(source, sourceEnd) {
					return errors.New("usage: ess people import FILE --source NAME [--dry-run]; a name has no " + sourceEnd)
				}
				cfg, err := load(vars)
				if err != nil {
					return fmt.Errorf("the configuration has mistakes:\n%w", err)
				}
				p, err := build(ctx, cfg)
				if err != nil {
					return err
				}
				defer p.close()
				return p.importPeople(ctx, c.Args().First(), source, c.Bool("dry-run"), os.Stdout)
			},
		}},
	}
}

// sourceEnd parts a source from its codes.
const sourceEnd = "|"

// importReader is who imports: the installation itself, from a list that its operator chose.
var importReader = casefile.Reader{By: casefile.System, Purpose: string(postgres.ProtectionFollowUp), Rights: casefile.Rights}

// importPeople adds the people of a file, and reports every line that it leaves
// out. Where the store fails midway it still says how far it came.
func (p *parts) importPeople(ctx context.Context, file, source string, dry bool, out io.Writer) error {
	var people []casefile.Person
	lines := map[casefile.PersonID]bool{}
	mistakes := readCSV(file, peopleColumns, func(row map[string]string) error {
		who, err := p.parsePerson(source, row)
		if err != nil {
			return err
		}
		if lines[who.ID] {
			return errors.New("code: รหัสนี้ซ้ำในไฟล์ · another line has this code")
		}
		lines[who.ID] = true
		people = append(people, who)
		return nil
	})
	added, there, may := 0, 0, 0
	var failed error
	for _, who := range people {
		if dry {
			known, err := p.store.PersonsThere(ctx, []casefile.PersonID{who.ID})
			if err != nil {
				failed = err
				break
			}
			if known[who.ID] {
				there++
			} else {
				added++
			}
			continue
		}
		_, isNew, duplicates, err := p.store.AddPerson(ctx, importReader, who)
		if err != nil {
			failed = err
			break
		}
		if isNew {
			added++
		} else {
			there++
		}
		if len(duplicates) > 0 {
			may++
		}
	}
	if dry {
		_, _ = fmt.Fprintf(out, "would add %d, %d are there already\n", added, there)
	} else {
		_, _ = fmt.Fprintf(out, "added %d, %d were there already, %d may be somebody else already\n", added, there, may)
	}
	return errors.Join(failed, mistakes)
}

// parsePerson reads one line. What is wrong is told by field, in both languages, without quoting it.
func (p *parts) parsePerson(source string, row map[string]string) (casefile.Person, error) {
	who, err := casefile.ParsePerson(casefile.PersonInput{
		First: row["first_name"], Last: row["last_name"], Number: row["number"], Birth: row["birth_date"], Sex: row["sex"],
		Nationality: row["nationality"], Province: row["province"], Note: row["note"],
	}, p.store.Now())
	errs := []error{bilingual(err)}
	if _, ok := p.places.Province(who.Province); err == nil && !ok {
		errs = append(errs, errors.New("province: ไม่มีจังหวัดนี้ · there is no such province"))
	}
	if row["code"] == "" {
		errs = append(errs, errors.New("code: ต้องมีรหัส · a code is needed"))
	}
	if row["phone"] != "" {
		number, ok := phone.E164(row["phone"])
		if !ok {
			errs = append(errs, errors.New("phone: ไม่ใช่หมายเลขโทรศัพท์ · not a phone number"))
		}
		who.Phone = number
	}
	who.ID = casefile.PersonID(uuid.NewSHA1(peopleSpace, []byte(p.store.Sealer.Blind("person.import", source+sourceEnd+row["code"]))).String())
	if err := errors.Join(errs...); err != nil {
		return who, errors.New(strings.ReplaceAll(err.Error(), "\n", "; ")) // one line of the file, one of the report
	}
	return who, nil
}

// bilingual says every wrong field of an error in Thai and in English.
func bilingual(err error) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return err
	}
	var errs []error
	for _, e := range joined.Unwrap() {
		var invalid *casefile.InvalidError
		if errors.As(e, &invalid) {
			e = fmt.Errorf("%s: %s · %s", invalid.Field, invalid.Th, invalid.En)
		}
		errs = append(errs, e)
	}
	return errors.Join(errs...)
}
