package policy

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/ess-thailand/ess/casefile"
)

//go:embed tasks.yaml
var tasksYAML []byte

// Tasks is the task list that comes with the program.
var Tasks = sync.OnceValue(func() casefile.Tasks {
	list, err := ParseTasks(tasksYAML)
	if err != nil {
		panic(err) // the embedded document is broken; a test parses it
	}
	return list
})

// taskFile is the document; its comments say what each field means.
type taskFile struct {
	Version string     `yaml:"version"`
	Tasks   []taskRule `yaml:"tasks"`
}

type taskRule struct {
	Text    `yaml:",inline"`
	Code    string               `yaml:"code"`
	Groups  []casefile.Group     `yaml:"groups"`
	Say     Text                 `yaml:"say"`
	Ask     casefile.TaskAsk     `yaml:"ask"`
	Opens   casefile.TaskOpens   `yaml:"opens"`
	About   casefile.ConcernKind `yaml:"about"`
	Person  bool                 `yaml:"person"`
	Every   Span                 `yaml:"every"`
	Options []taskOption         `yaml:"options"`
}

type taskOption struct {
	Text  `yaml:",inline"`
	Code  string `yaml:"code"`
	Opens bool   `yaml:"opens"`
}

// A list of tasks is one LINE message with a button for each.
const (
	mostTasks  = 10 // of one group
	sayRunes   = 400
	titleRunes = 40
)

// young are the groups whose members may be under age.
var young = []casefile.Group{casefile.StudentCouncil, casefile.YouthCouncil, casefile.CyberScout}

// ParseTasks reads a task list. Every mistake is in the error.
func ParseTasks(raw []byte) (casefile.Tasks, error) {
	c := &checker{said: map[int]bool{}}
	var file taskFile
	c.decode(raw, &file)
	if err := c.invalid("tasks.yaml"); err != nil {
		return nil, err
	}
	var errs []error
	if file.Version == "" {
		errs = append(errs, errors.New("version is missing"))
	}
	var list casefile.Tasks
	for _, r := range file.Tasks {
		t := casefile.Task{
			Code: r.Code, Groups: r.Groups, Th: r.Th, En: r.En, SayTh: r.Say.Th, SayEn: r.Say.En, Ask: r.Ask, Every: r.Every.Duration,
			Opens: r.Opens, About: r.About, Person: r.Person,
		}
		for _, o := range r.Options {
			t.Options = append(t.Options, casefile.TaskOption{Code: o.Code, Th: o.Th, En: o.En, Opens: o.Opens})
		}
		if _, twice := list.Task(t.Code); twice {
			errs = append(errs, fmt.Errorf("task %s twice", t.Code))
		}
		for _, text := range mistakesOf(t) {
			errs = append(errs, fmt.Errorf("task %s: %s", t.Code, text))
		}
		list = append(list, t)
	}
	for _, g := range casefile.Groups {
		n := 0
		for _, t := range list {
			if slices.Contains(t.Groups, g) {
				n++
			}
		}
		if n == 0 || n > mostTasks {
			errs = append(errs, fmt.Errorf("group %s has %d tasks, want 1 to %d", g, n, mostTasks))
		}
	}
	return list, errors.Join(errs...)
}

// mistakesOf lists what is wrong with one task.
func mistakesOf(t casefile.Task) []string {
	var out []string
	wrong := func(bad bool, text string) {
		if bad {
			out = append(out, text)
		}
	}
	long := func(s string, most int) bool {
		return strings.TrimSpace(s) == "" || utf8.RuneCountInString(s) > most
	}
	wrong(!codePattern.MatchString(t.Code), "a code is in capitals")
	wrong(t.Code == casefile.TalkSkip, "this code is a button of its own")
	wrong(long(t.Th, titleRunes) || long(t.En, titleRunes), "want a short title in th and in en")
	wrong(long(t.SayTh, sayRunes) || long(t.SayEn, sayRunes), "want say in th and in en")
	wrong(!slices.Contains(casefile.TaskAsks, t.Ask), "unknown ask")
	wrong(!slices.Contains(casefile.TaskOpenings, t.Opens), "unknown opens")
	wrong(t.Every <= 0, "every must be above zero")
	wrong(len(t.Groups) == 0, "is for nobody")
	wrong((t.Opens == casefile.OpensConcern) != slices.Contains(casefile.ConcernKinds, t.About), "about names the kind of the concern that it opens, and nothing else")
	wrong((t.Ask == casefile.AskPlace) != (t.Opens == casefile.OpensSpace), "a place is a point on the map of safe places")
	wrong(t.Ask == casefile.AskConcern && t.Opens != casefile.OpensConcern, "pointing something out opens a concern")
	wrong((t.Ask == casefile.AskChoice) != (len(t.Options) > 0) || len(t.Options) > mostOptions, "a choice has 1 to 4 options, nothing else has")
	opens := false
	for i, o := range t.Options {
		opens = opens || o.Opens
		wrong(!codePattern.MatchString(o.Code) || slices.IndexFunc(t.Options, func(x casefile.TaskOption) bool { return x.Code == o.Code }) < i, "an option needs a code of its own, in capitals")
		wrong(long(o.Th, labelRunes) || long(o.En, labelRunes), "an option is a button: at most 20 characters")
	}
	wrong(len(t.Options) > 0 && opens != (t.Opens == casefile.OpensConcern), "one option opens what the task opens")
	for _, g := range t.Groups {
		wrong(!slices.Contains(casefile.Groups, g), "unknown group")
		wrong(slices.Contains(young, g) && (t.Person || t.About == casefile.AboutPregnancy), "nothing about a person, and nothing sexual, for the young")
	}
	return out
}
