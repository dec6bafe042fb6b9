package casefile

import "testing"

func TestWhoMayAskForAidInTheNameOfOthers(t *testing.T) {
	volunteer := func(change func(*Member)) Member {
		m := Member{Group: SDV, Class: Volunteer, State: MemberActive}
		change(&m)
		return m
	}
	tests := []struct {
		name string
		give Member
		want bool
	}{
		{"a social-development volunteer", volunteer(func(*Member) {}), true},
		{"a health volunteer", volunteer(func(m *Member) { m.Group = VHV }), true},
		{"a teacher", volunteer(func(m *Member) { m.Group, m.Class = Teacher, School }), true},
		{"an officer", volunteer(func(m *Member) { m.Group, m.Class = Agency, Professional }), true},
		{"a grown-up of a youth council", volunteer(func(m *Member) { m.Group = YouthCouncil }), true},
		{"a minor of a youth council", volunteer(func(m *Member) { m.Group, m.Class = YouthCouncil, Junior }), false},
		{"a pupil", volunteer(func(m *Member) { m.Group, m.Class = StudentCouncil, Junior }), false},
		{"a cyber scout", volunteer(func(m *Member) { m.Group = CyberScout }), false},
		{"the shared phone of a duty desk", volunteer(func(m *Member) { m.Group, m.Class, m.Level = Agency, Professional, LevelMSDHSDuty }), false},
		{"somebody suspended", volunteer(func(m *Member) { m.State = MemberSuspended }), false},
		{"somebody whose year is over", volunteer(func(m *Member) { m.State = MemberExpired }), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.give.MayFileAid(); got != tt.want {
				t.Errorf("may file: %t, want %t", got, tt.want)
			}
		})
	}
}
