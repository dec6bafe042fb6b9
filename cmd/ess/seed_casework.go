package main

import (
	"fmt"

	"github.com/ess-thailand/ess/casefile"
	"github.com/ess-thailand/ess/policy"
)

// How many people the synthetic offices have. No source counts them by office;
// the figures are ours.
const (
	workersOfOffice   = 6
	workersOfShelter  = 4
	supervisorsOfUnit = 1
)

// caseworkers adds social workers and supervisors to the office or shelter made
// last. They are no duty desks: no ladder of an emergency rings them.
func (b *builder) caseworkers(workers int) {
	for i := range supervisorsOfUnit {
		b.member(casefile.Member{Group: casefile.Agency, Class: casefile.Supervisor}, fmt.Sprintf("supervisor-%s-%d", b.last.Code, i+1),
			fmt.Sprintf("หัวหน้างาน %d %s", i+1, b.last.NameTh))
	}
	for i := range workers {
		b.member(casefile.Member{}, fmt.Sprintf("worker-%s-%d", b.last.Code, i+1), fmt.Sprintf("นักสังคมสงเคราะห์ %d %s", i+1, b.last.NameTh))
	}
}

// partners are who a follow-up is referred to: the one-stop crisis centre of a
// hospital, a school, a local government. Each has a desk that answers.
var partners = []struct{ code, th, en string }{
	{"oscc", "ศูนย์พึ่งได้ โรงพยาบาล", "OSCC of the hospital of"}, {"school", "โรงเรียน", "School of"}, {"local", "องค์กรปกครองส่วนท้องถิ่น", "Local government of"},
}

// groupOf says how the members of each of the eight groups are classed.
var groupOf = []struct {
	group casefile.Group
	class casefile.Class
	th    string
}{
	{casefile.Teacher, casefile.School, "ครู"}, {casefile.StudentCouncil, casefile.Junior, "สภานักเรียน"}, {casefile.YouthCouncil, casefile.Junior, "สภาเด็กและเยาวชน"},
	{casefile.CyberScout, casefile.Volunteer, "ลูกเสือไซเบอร์"}, {casefile.VHV, casefile.Volunteer, "อสม."}, {casefile.SDV, casefile.Volunteer, "อพม."},
	{casefile.Community, casefile.Volunteer, "ชุมชน"}, {casefile.Agency, casefile.Professional, "หน่วยงาน"},
}

// casework adds what follows an emergency in a province: partners, and volunteers
// of every group, who belong to an organisation that no ladder asks.
func (b *builder) casework(p policy.Province) {
	for _, x := range partners {
		b.unit(casefile.LevelOrganisation, x.code+"-"+p.Code, x.th+p.NameTh, x.en+" "+p.NameEn, p.Code, p.Region, p.Lat, p.Lon)
		b.desk("")
	}
	b.unit(casefile.LevelOrganisation, "groups-"+p.Code, "สมาชิกแปดกลุ่ม "+p.NameTh, "the eight groups of "+p.NameEn, p.Code, p.Region, p.Lat, p.Lon)
	for _, g := range groupOf {
		b.member(casefile.Member{Group: g.group, Class: g.class}, fmt.Sprintf("group-%s-%s", p.Code, g.group), g.th+" "+p.NameTh)
	}
}
