package line

import (
	"slices"

	"github.com/ess-thailand/ess/casefile"
)

// pair is one text in both languages.
type pair struct{ th, en string }

func (p page) pair(w pair) string { return p.say(w.th, w.en) }

// typeWords hold the ministry's own names of the five types.
var typeWords = map[casefile.IncidentType]pair{
	casefile.ThreatAssault: {"ข่มขู่ว่าจะทำร้ายหรือทำร้าย", "Threatened with harm, or being harmed"},
	casefile.Confinement:   {"กักขังหน่วงเหนี่ยว", "Unlawful detention"},
	casefile.SexualRisk:    {"เสี่ยงถูกล่วงละเมิดทางเพศ", "At risk of sexual abuse"},
	casefile.Berserk:       {"ผู้คลุ้มคลั่งก่อให้เกิดเหตุร้าย", "Person in a violent frenzy"},
	casefile.Gathering:     {"มั่วสุมจนก่อให้เกิดเหตุร้าย", "Gathering that turns harmful"},
}

var severityWords = map[casefile.Severity]pair{
	casefile.Critical: {"วิกฤต", "CRITICAL"},
	casefile.High:     {"สูง", "HIGH"},
	casefile.Medium:   {"ปานกลาง", "MEDIUM"},
	casefile.Low:      {"ต่ำ", "LOW"},
}

var roleWords = map[casefile.Role]pair{
	casefile.Police:      {"ตำรวจ", "Police"},
	casefile.MSDHS:       {"เจ้าหน้าที่ พม.", "Social worker"},
	casefile.Medical:     {"แพทย์ฉุกเฉิน", "Medical"},
	casefile.ChildWorker: {"บ้านพักเด็กและครอบครัว", "Child worker"},
}

var levelWords = map[casefile.Level]pair{
	casefile.LevelNear:          {"เจ้าหน้าที่ใกล้จุดเกิดเหตุ", "Nearby officers"},
	casefile.LevelStation:       {"สถานีที่รับผิดชอบ", "Responsible station"},
	casefile.LevelNextStation:   {"สถานีใกล้เคียง", "Next station"},
	casefile.LevelRadio191:      {"ศูนย์วิทยุ {POLICE}", "Radio centre {POLICE}"},
	casefile.LevelPoliceRegion:  {"ตำรวจภูธรภาค", "Police region"},
	casefile.LevelRTPNational:   {"ศูนย์ปฏิบัติการ ตร.", "National police operations"},
	casefile.LevelMSDHSDuty:     {"เวร พมจ.", "Provincial social duty officer"},
	casefile.LevelMSDHSProvince: {"หัวหน้า พมจ.", "Provincial social office head"},
	casefile.LevelHUSEC:         {"ศรส. ส่วนกลาง", "Central social assistance centre"},
	casefile.LevelMSDHSNational: {"ปลัดกระทรวง พม.", "MSDHS permanent secretary"},
	casefile.LevelShelter:       {"บ้านพักเด็กและครอบครัว", "Children and family shelter"},
	casefile.LevelEMS:           {"ศูนย์สั่งการ {EMS}", "Dispatch centre {EMS}"},
	casefile.LevelDesk:          {"โต๊ะกลาง ESS {MSDHS}", "National ESS desk {MSDHS}"},
	casefile.LevelOrganisation:  {"องค์กรของสมาชิก", "Members' organisation"},
}

// stateWords tell a reporter where the case stands: plain, and neutral. States
// that would tell of another report read like those of a case of its own.
var stateWords = map[casefile.State][2]pair{
	casefile.Draft:      {{"ได้รับเรื่องแล้ว รอตำแหน่งที่เกิดเหตุ", "Received. We still need the location."}, gotIt},
	casefile.New:        sentWords,
	casefile.Sent:       sentWords,
	casefile.Duplicate:  sentWords,
	casefile.Reopened:   sentWords,
	casefile.Acked:      ackedWords,
	casefile.Assigned:   ackedWords,
	casefile.EnRoute:    ackedWords,
	casefile.OnScene:    {{"เจ้าหน้าที่ถึงที่เกิดเหตุแล้ว", "Officers are at the scene."}, {"ถึงแล้ว", "Arrived."}},
	casefile.Controlled: {{"ระงับเหตุแล้ว เจ้าหน้าที่กำลังดูแลต่อ", "Under control. Officers are taking care."}, allFine},
	casefile.Handover:   {{"กำลังส่งต่อให้เจ้าหน้าที่ พม. ดูแล", "Being handed to a social worker."}, {"กำลังดูแลต่อ", "In progress."}},
	casefile.FollowUp:   {{"เจ้าหน้าที่ พม. รับดูแลแล้ว", "A social worker has taken it over."}, {"กำลังดูแลต่อ", "In progress."}},
	casefile.Closed:     endedWords,
	// A verdict on the reporter is never told by a machine.
	casefile.FalseReport: endedWords,
}

var (
	gotIt      = pair{"ได้รับข้อมูลแล้ว", "Received."}
	noted      = pair{"รับทราบแล้ว", "Noted."}
	allFine    = pair{"เรียบร้อยแล้ว", "All done."}
	sentWords  = [2]pair{{"ส่งให้เจ้าหน้าที่แล้ว กำลังรอการตอบรับ", "Sent to officers. Waiting for an answer."}, gotIt}
	ackedWords = [2]pair{{"เจ้าหน้าที่รับทราบแล้ว", "Officers have it."}, noted}
	endedWords = [2]pair{{"เรื่องนี้ยุติแล้ว", "This case has ended."}, allFine}
)

// questionWords are what the desk may ask in the chat, by code: plain, and neutral.
// An operator never types a free text to a person in danger.
var questionWords = map[string][2]pair{
	"ADDRESS":     {{"กรุณาพิมพ์ที่อยู่หรือชื่อสถานที่เกิดเหตุ", "Please type the address or the name of the place."}, {"พิมพ์ที่อยู่มาได้เลย", "Type the address here."}},
	"LANDMARK":    {{"กรุณาพิมพ์จุดสังเกตใกล้ที่เกิดเหตุ", "Please type a landmark near the place."}, {"พิมพ์จุดสังเกตมาได้เลย", "Type a landmark here."}},
	"PHONE":       {{"กรุณาพิมพ์เบอร์ที่โทรกลับได้", "Please type a number we can call back."}, {"พิมพ์เบอร์มาได้", "You can type a number."}},
	"INJURED":     {{"มีผู้บาดเจ็บหรือไม่ พิมพ์ มี หรือ ไม่มี", "Is anyone injured? Type yes or no."}, {"พิมพ์ มี หรือ ไม่มี", "Type yes or no."}},
	"WEAPON":      {{"มีอาวุธหรือไม่ พิมพ์ มี หรือ ไม่มี", "Is there a weapon? Type yes or no."}, {"พิมพ์ มี หรือ ไม่มี", "Type yes or no."}},
	"CHILD":       {{"มีเด็กอยู่ด้วยหรือไม่ พิมพ์ มี หรือ ไม่มี", "Is a child there? Type yes or no."}, {"พิมพ์ มี หรือ ไม่มี", "Type yes or no."}},
	"NO_PIN":      {{"ยังไม่ได้รับตำแหน่ง กรุณาส่งตำแหน่งหรือพิมพ์ที่อยู่", "No location yet. Please send it, or type the address."}, {"ส่งตำแหน่งหรือพิมพ์ที่อยู่มาได้", "Send a location or type an address."}},
	"PIN_ABROAD":  {{"ตำแหน่งที่ส่งมาอยู่นอกประเทศไทย กรุณาส่งอีกครั้ง", "The location is outside Thailand. Please send it again."}, {"ตำแหน่งไม่ชัด ส่งอีกครั้งได้", "The location is unclear. You can send it again."}},
	"CANNOT_FIND": {{"เจ้าหน้าที่ยังหาไม่พบ กรุณาพิมพ์จุดสังเกต", "Officers cannot find the place. Please type a landmark."}, {"พิมพ์จุดสังเกตมาได้เลย", "Type a landmark here."}},
}

// anyQuestion stands in for a code that has no words yet: the person must hear something.
var anyQuestion = [2]pair{
	{"เจ้าหน้าที่ขอข้อมูลเพิ่ม พิมพ์ตอบในแชตนี้ได้", "Officers need to know more. You can type here."},
	{"พิมพ์เพิ่มได้ในแชตนี้", "You can type more here."},
}

// Questions lists the codes that desk_asks can word.
func Questions() []string {
	var codes []string
	for code := range questionWords {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	return codes
}

var deskWords = map[casefile.DeskReason]pair{
	casefile.DeskNoPin:       {"ไม่มีตำแหน่งที่ใช้ได้", "No usable location"},
	casefile.DeskPinAbroad:   {"ตำแหน่งอยู่นอกประเทศหรือในทะเล", "Location abroad or at sea"},
	casefile.DeskNobody:      {"ไม่พบผู้ที่ติดต่อได้", "Nobody reachable was found"},
	casefile.DeskUnanswered:  {"ไม่มีผู้ตอบรับจนถึงระดับประเทศ", "Nobody answered up to the national level"},
	casefile.DeskCannotFind:  {"หาจุดเกิดเหตุไม่พบ ผู้แจ้งไม่ตอบหรือห้ามถาม", "Place not found; the reporter has not answered, or must not be asked"},
	casefile.DeskCancel:      {"ผู้แจ้งขอยกเลิก ต้องมีคนไปดู", "Cancel asked: somebody must see the person"},
	casefile.DeskNotLive:     {"จังหวัดนี้ยังไม่เปิดใช้ระบบ", "Province not live yet"},
	casefile.DeskLeadEnded:   {"เรื่องหลักยุติ เรื่องนี้รอการตัดสิน", "The lead case ended: decide on this one"},
	casefile.DeskStale:       {"ค้างในสถานะเดิมนานเกินกำหนด", "Too long in one state"},
	casefile.DeskRadioUnread: {"ศูนย์วิทยุยังไม่รับทราบ", "The radio centre has not acknowledged"},
	casefile.DeskCentre:      {"ขอส่งต่อสายแล้ว แต่ศูนย์ปลายทางยังไม่รับ", "Another centre was asked to take the caller over and has not"},
}

// reasonWords say why a responder is stood down, released or thanked.
var reasonWords = map[string]pair{
	"crew_complete":                      {"กำลังครบแล้ว", "The crew is complete"},
	"controlled":                         {"ระงับเหตุแล้ว", "The scene is under control"},
	"CLOSED":                             {"เรื่องยุติแล้ว", "The case has ended"},
	"TRANSFERRED":                        {"โอนให้สถานีอื่นแล้ว", "Transferred to another station"},
	"DUPLICATE":                          {"รวมกับอีกเรื่องแล้ว", "Joined to another case"},
	"REPLACED":                           {"มีผู้อื่นไปแทนแล้ว", "Somebody else goes instead"},
	"WITHDRAWN":                          {"ถอนตัวตามที่แจ้ง", "Withdrawn as you asked"},
	"CARED_FOR":                          {"มีผู้ดูแลผู้ประสบเหตุต่อแล้ว", "The person is being cared for"},
	string(casefile.OutcomeHelped):       {"ช่วยเหลือได้แล้ว", "The person was helped"},
	string(casefile.OutcomeNoSocialNeed): {"เรียบร้อย ไม่ต้องส่งต่อ", "Settled, no further care needed"},
	string(casefile.OutcomeReferred):     {"ส่งต่อการดูแลแล้ว", "Referred for further care"},
	string(casefile.OutcomeNotFound):     {"ไม่พบตัวบุคคล", "Nobody was found"},
	string(casefile.OutcomeFalse):        {"ปิดเป็นเหตุไม่จริงโดยสองคน", "Marked as false by two persons"},
}

// addedWords say what came from the reporter, by code; what it is stands in the case.
var addedWords = map[string]pair{
	"text":            {"ผู้แจ้งพิมพ์ข้อความเพิ่ม", "The reporter wrote more"},
	"image":           {"ผู้แจ้งส่งรูป", "The reporter sent a photo"},
	"audio":           {"ผู้แจ้งส่งเสียง", "The reporter sent a voice message"},
	"video":           {"ผู้แจ้งส่งวิดีโอ", "The reporter sent a video"},
	"file":            {"ผู้แจ้งส่งไฟล์", "The reporter sent a file"},
	"phone":           {"ผู้แจ้งให้เบอร์โทรกลับ", "The reporter gave a call-back number"},
	"no_call":         {"ผู้แจ้งขอว่าห้ามโทรกลับ", "The reporter asks: do not call back"},
	"still_in_danger": {"ผู้แจ้งยืนยันว่ายังมีอันตราย", "The reporter says: still in danger"},
	"second_report":   {"มีผู้แจ้งเหตุเดียวกันเพิ่ม", "Somebody else reports the same incident"},
	"card":            {"ผู้แจ้งตอบคำถาม ดูคำตอบในเรื่อง", "The reporter answered a question; the answer is with the case"},
	"cancel":          {"ผู้แจ้งขอยกเลิก ต้องพบตัวก่อนยุติ", "Cancel asked: see the person before ending"},
	"cannot_find":     {"หาไม่พบ และห้ามถามผู้แจ้ง", "Not found, and the reporter must not be asked"},
	"desk_finds":      {"หาไม่พบ และผู้แจ้งไม่ตอบ โต๊ะกลางกำลังช่วยหา", "Not found, and no answer: the national desk is looking for the place"},
}
