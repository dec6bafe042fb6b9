package policy

import (
	"maps"
	"slices"

	"github.com/ess-thailand/ess/casefile"
)

// alarmNames say what the second watcher found, by its kind of alarm. They are
// also spoken, so they hold no names of programs where plain words will do.
var alarmNames = map[string]Text{
	"INBOX_WAITING":       {"มีผู้แจ้งเหตุ แต่ระบบยังไม่เริ่มดำเนินการ", "Reported, but the system has not begun to work on it"},
	"CASE_UNACKNOWLEDGED": {"ยังไม่มีเจ้าหน้าที่รับเรื่อง เกินเวลาที่กำหนด", "No human has taken it within the limit"},
	"CASE_OVERDUE":        {"เลยกำหนดขั้นต่อไป และไม่มีความเคลื่อนไหว", "Its next step is overdue and nothing happens"},
	"MESSAGES_STUCK":      {"ข้อความถึงเจ้าหน้าที่ไม่ออก", "Messages to officers do not leave"},
	"MEDIA_STUCK":         {"ภาพและเสียงจากผู้แจ้งค้างอยู่", "Photos and voices of reporters are not fetched"},
	"API_SILENT":          {"ระบบรับแจ้งหยุดตอบ", "The intake has fallen silent"},
	"WORKER_SILENT":       {"ระบบดำเนินการหยุดตอบ", "The worker has fallen silent"},
	"RELAY_SILENT":        {"ตัวส่งต่อเรื่องหยุดตอบ", "The relay has fallen silent"},
	"TEMPORAL_SILENT":     {"เทมโพรัลหยุดตอบ", "Temporal has fallen silent"},
	"LINE_SILENT":         {"ติดต่อ LINE ไม่ได้", "LINE cannot be reached"},
	"WATCH_SILENT":        {"ตัวเฝ้าระวังอีกตัวหยุดตอบ", "The other watcher has fallen silent"},
	"DATABASE_AWAY":       {"ฐานข้อมูลไม่ตอบ", "The database does not answer"},
}

// Alarms lists the kinds of alarm that have a name.
func Alarms() []string { return slices.Sorted(maps.Keys(alarmNames)) }

// AlarmName says what is wrong, by the kind of an alarm.
func AlarmName(kind string) Text {
	if name, ok := alarmNames[kind]; ok {
		return name
	}
	return Text{"ระบบต้องการคนดู", "The system needs a human"}
}

// Area names a district and its province as people say it; empty: neither is
// known. names gives the name of a code, or "".
func Area(names func(code string, l casefile.Language) string, district, province string, l casefile.Language) string {
	name := func(code string) string {
		if name := names(code, l); name != "" {
			return name
		}
		return code
	}
	switch {
	case province == "" && district == "":
		return ""
	case district == "":
		return name(province)
	case province == "":
		return name(district)
	case l == casefile.English:
		return name(district) + ", " + name(province)
	case province == "10": // Bangkok has districts of its own kind
		return "เขต" + name(district) + " " + name(province)
	default:
		return "อ." + name(district) + " จ." + name(province)
	}
}
