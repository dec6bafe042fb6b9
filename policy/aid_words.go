package policy

import "github.com/ess-thailand/ess/casefile"

// aidStates say where a request stands, in words that may be read aloud in front of anybody: what was asked for, by
// whom and how much is not among them.
var aidStates = map[casefile.AidState]Text{
	casefile.AidDraft:     {"ยังไม่ได้ส่ง", "Not sent yet"},
	casefile.AidSubmitted: {"ได้รับคำขอแล้ว กำลังตรวจ", "Received, being looked at"},
	casefile.AidReturned:  {"รอแก้ไขคำขอ", "Waiting for a correction"},
	casefile.AidReferred:  {"กำลังถามหน่วยงานอื่น", "Another office is being asked"},
	casefile.AidScreened:  {"ตรวจเบื้องต้นแล้ว", "Looked through"},
	casefile.AidVisitSet:  {"นัดเยี่ยมแล้ว", "A visit is planned"},
	casefile.AidVisited:   {"เยี่ยมแล้ว กำลังวางแผน", "Visited, being planned"},
	casefile.AidPlanned:   {"รอผลการพิจารณา", "Waiting for the decision"},
	casefile.AidApproved:  {"พิจารณาแล้ว กำลังดำเนินการ", "Decided, under way"},
	casefile.AidRejected:  {"พิจารณาแล้ว ดูหนังสือแจ้งผล", "Decided: see the letter"},
	casefile.AidAppealed:  {"กำลังพิจารณาอุทธรณ์", "The appeal is being heard"},
	casefile.AidPaid:      {"ดำเนินการครบแล้ว", "Everything has been done"},
	casefile.AidDelivered: {"ดำเนินการครบแล้ว", "Everything has been done"},
	casefile.AidMonitored: {"อยู่ระหว่างติดตามผล", "Being looked in on"},
	casefile.AidEvaluated: {"ประเมินผลแล้ว", "Evaluated"},
	casefile.AidClosed:    {"เสร็จสิ้นแล้ว", "Closed"},
	casefile.AidWithdrawn: {"ถอนคำขอแล้ว", "Withdrawn"},
	casefile.AidUrgent:    {"ส่งต่อเป็นเรื่องด่วนแล้ว", "Passed on as urgent"},
}

// AidStatusWords say where a request stands, for the person whose it is and for any screen.
func AidStatusWords(s casefile.AidState) Text { return aidStates[s] }

// aidProblems name the kinds of hardship, as the ministry's forms do.
var aidProblems = map[casefile.Problem]Text{
	casefile.FamilyViolence:   {"ความรุนแรงในครอบครัว", "Family violence"},
	casefile.UnreadyPregnancy: {"ตั้งครรภ์ไม่พร้อม", "Unready pregnancy"},
	casefile.Trafficking:      {"ค้ามนุษย์", "Trafficking"},
	casefile.Drugs:            {"ยาเสพติด", "Drugs"},
	casefile.Homeless:         {"คนเร่ร่อน ไร้ที่พึ่ง", "Homeless"},
	casefile.ChildYouth:       {"เด็กและเยาวชน", "Children and youth"},
	casefile.Missing:          {"คนหาย", "A missing person"},
	casefile.Elderly:          {"ผู้สูงอายุ", "Old age"},
	casefile.Disability:       {"คนพิการ", "Disability"},
	casefile.Begging:          {"ขอทาน", "Begging"},
	casefile.IncomeLiving:     {"รายได้และความเป็นอยู่", "Income and living"},
	casefile.FamilyRelations:  {"ความสัมพันธ์ในครอบครัว", "Family relations"},
	casefile.WelfareRights:    {"สิทธิสวัสดิการ", "Welfare rights"},
	casefile.HealthAccident:   {"สุขภาพและอุบัติเหตุ", "Health and accidents"},
	casefile.SocialPhenomenon: {"ปรากฏการณ์ทางสังคม", "A social phenomenon"},
	casefile.UrgentIncident:   {"เหตุฉุกเฉินทางสังคม", "A social emergency"},
	casefile.OnlineHarm:       {"ภัยออนไลน์", "Harm online"},
	casefile.SchoolAttendance: {"ความเสี่ยงหลุดจากระบบการศึกษา", "Leaving school"},
	casefile.OtherHardship:    {"อื่น ๆ", "Other"},
}

// ProblemWords name a kind of hardship.
func ProblemWords(p casefile.Problem) Text { return aidProblems[p] }

// relations say what somebody of the household is to the person for whom aid is asked.
var relations = map[casefile.RelationKind]Text{
	casefile.RelParent:      {"บิดาหรือมารดา", "Parent"},
	casefile.RelGuardian:    {"ผู้ปกครอง", "Guardian"},
	casefile.RelChild:       {"บุตร", "Child"},
	casefile.RelSibling:     {"พี่หรือน้อง", "Sibling"},
	casefile.RelSpouse:      {"คู่สมรส", "Spouse"},
	casefile.RelGrandparent: {"ปู่ย่าตายาย", "Grandparent"},
	casefile.RelRelative:    {"ญาติ", "Relative"},
	casefile.RelOther:       {"อื่น ๆ", "Other"},
}

// RelationWords name what one person is to another.
func RelationWords(k casefile.RelationKind) Text { return relations[k] }

// aidCodes name the other codes of the form and of what happens to it.
var aidCodes = map[string]Text{
	// How a household has its home.
	"OWN": {"เป็นเจ้าของ", "Own home"}, "RENT": {"เช่า", "Rented"}, "RELATIVE": {"อยู่กับญาติ", "With relatives"},
	"PUBLIC_LAND": {"อยู่ในที่สาธารณะ", "On public land"}, "NONE": {"ไม่มีที่อยู่อาศัย", "No home"},
	// Whether a child learns.
	"IN_SCHOOL": {"กำลังเรียน", "In school"}, "AT_RISK": {"เสี่ยงหลุดจากระบบการศึกษา", "At risk of leaving school"}, "OUT_OF_SCHOOL": {"ไม่ได้เรียน", "Out of school"},
	"NOT_OF_AGE": {"ยังไม่ถึงวัยเรียน", "Not of school age"}, "UNKNOWN": {"ไม่ทราบ", "Not known"},
	// What data are used for, and on which ground.
	"REFERRAL": {"ส่งต่อให้หน่วยงานที่เกี่ยวข้อง", "Referral to other offices"}, "EDUCATION": {"การศึกษาของเด็ก", "A child's schooling"},
	"AID": {"พิจารณาและให้ความช่วยเหลือ", "Deciding on and giving aid"}, "CONTACT": {"ติดต่อและส่งข้อความ", "Calls and messages"},
	"CONSENT": {"ความยินยอมของเจ้าของข้อมูล", "Consent"}, "GUARDIAN_CONSENT": {"ความยินยอมของผู้ปกครอง", "Consent of the guardian"},
	"VITAL_INTEREST": {"ป้องกันอันตรายต่อชีวิตหรือร่างกาย", "Vital interest"}, "STATUTORY_DUTY": {"หน้าที่ตามกฎหมาย", "A duty in law"},
	"BEST_INTEREST": {"ประโยชน์สูงสุดของเด็ก", "The best interest of the child"},
	// Why a request is refused.
	"NOT_ELIGIBLE": {"คุณสมบัติไม่เป็นไปตามหลักเกณฑ์", "The rules are not met"}, "OVER_LIMIT": {"เกินวงเงินหรือจำนวนครั้งตามหลักเกณฑ์", "Over the limit of the rules"},
	"DUPLICATE":       {"ได้รับความช่วยเหลือในเรื่องเดียวกันแล้ว", "Help with the same need was given already"},
	"NO_NEED_FOUND":   {"สอบข้อเท็จจริงแล้วไม่พบความเดือดร้อนตามที่ขอ", "The need could not be found"},
	"FALSE_STATEMENT": {"ข้อเท็จจริงไม่ตรงกับที่ให้ไว้ในคำขอ", "The facts are not those of the request"},
	// Why it was sent back.
	"INCOMPLETE": {"ข้อมูลไม่ครบ", "Something is missing"}, "WRONG_PERSON": {"ข้อมูลบุคคลไม่ถูกต้อง", "The person's data are not right"},
	"NO_CONSENT": {"ยังไม่มีความยินยอม", "There is no consent"}, "PHOTO_UNREADABLE": {"ภาพไม่ชัด", "A photo cannot be read"}, "OTHER": {"อื่น ๆ", "Other"},
}

// AidCodeWords name a code of the form, or a reason; empty: there is no such code.
func AidCodeWords(code string) Text { return aidCodes[code] }
