package casefile

import (
	"slices"
	"strconv"
)

// mostItems keeps a plan one that somebody can check.
const mostItems = 20

// aidNo is a refusal in the words of the law.
type aidNo struct{ th, en string }

// mayHappen says why an event is not possible where the request stands.
func (a AidRequest) mayHappen(e AidEvent) error {
	if e.Kind == AidUnused {
		return nil
	}
	rule, known := aidLaw[e.Kind]
	var no aidNo
	switch {
	case !known || !slices.Contains(rule.by, e.By.Kind):
		no = aidNo{"ผู้ใช้นี้ทำสิ่งนี้ไม่ได้", "this actor may not do this"}
	case !slices.Contains(rule.from, a.State):
		no = aidNo{"คำขอนี้อยู่ในขั้นที่ทำสิ่งนี้ไม่ได้", "the request is not at a stage where this is possible"}
	case AidReasons[e.Kind] != nil && (e.Kind != AidAnswered || !e.Yes) && !slices.Contains(AidReasons[e.Kind], e.Reason):
		no = aidNo{"ต้องระบุเหตุผลจากรายการ", "a reason of the list is needed"}
	default:
		if no = a.mayDo(e); no == (aidNo{}) {
			no = a.mayMove(e)
		}
	}
	if no == (aidNo{}) {
		return nil
	}
	return &RefusedError{Kind: Kind(e.Kind), State: State(a.State), Th: no.th, En: no.en}
}

// mayDo is who may do what.
func (a AidRequest) mayDo(e AidEvent) aidNo {
	member := e.By.Kind == ByMember
	officer := member && e.By == a.Officer
	switch e.Kind {
	case AidSent:
		if a.Filer != (Actor{}) && member && e.By != a.Filer {
			return aidNo{"แก้ไขได้เฉพาะผู้ยื่นคำขอ", "only who filed it corrects it"}
		}
	case AidTakenBack, AidContested:
		if member && e.By != a.Filer && !officer {
			return aidNo{"ทำได้เฉพาะผู้ยื่นคำขอ", "only who filed it may do this"}
		}
	case AidVisitMissed, AidWasVisited:
		if member && e.By.ID != string(a.Visitor) && !officer {
			return aidNo{"ทำได้เฉพาะผู้เยี่ยมบ้าน", "only the visitor may do this"}
		}
	case AidAnswered:
		if e.Office != a.To {
			return aidNo{"ไม่ได้ส่งคำขอนี้ถึงหน่วยงานของท่าน", "your office was not asked"}
		}
	case AidCleared:
		if e.By == a.Filer || slices.Contains(a.Wrote, e.By) {
			return aidNo{"ผู้ยื่นคำขอตรวจเรื่องนี้เองไม่ได้", "who filed it may not look at this"}
		}
	case AidPlanMade:
		if slices.Contains(a.Recused, e.By) {
			return aidNo{"ท่านแจ้งส่วนได้เสียในคำขอนี้แล้ว", "you are too close to this request to decide"}
		}
	case AidItemGiven, AidLookedIn, AidIntoAlarm:
		if member && e.By != a.Filer && !officer && !slices.Contains(a.Went, e.By) {
			return aidNo{"ทำได้เฉพาะผู้ที่เกี่ยวข้องกับคำขอนี้", "only those who filed it or visit may do this"}
		}
		if e.Kind == AidItemGiven && slices.Contains(a.Approvals, e.By) {
			return aidNo{"ผู้อนุมัติมอบสิ่งของเองไม่ได้", "who approved it may not hand it over"}
		}
	case AidAgreed, AidRefused, AidHeard:
		return a.mayDecide(e)
	case AidOrdered, AidItemPaid:
		return a.mayPay(e)
	}
	return aidNo{}
}

// mayDecide keeps four eyes four, and everybody away from what concerns themselves.
func (a AidRequest) mayDecide(e AidEvent) aidNo {
	switch {
	case e.By == a.Filer || slices.Contains(a.Wrote, e.By):
		return aidNo{"ผู้ยื่นคำขอพิจารณาเองไม่ได้", "who filed it may not decide"}
	case slices.Contains(a.Went, e.By):
		return aidNo{"ผู้เยี่ยมบ้านอนุมัติไม่ได้", "who visited may not decide"}
	case slices.Contains(a.Recused, e.By):
		return aidNo{"ท่านแจ้งส่วนได้เสียในคำขอนี้แล้ว", "you are too close to this request to decide"}
	case e.Kind == AidHeard && slices.Contains(a.Decided, e.By):
		return aidNo{"ผู้ที่เคยพิจารณาแล้ววินิจฉัยอุทธรณ์ไม่ได้", "who decided before may not hear the appeal"}
	case e.Kind == AidAgreed && e.By == a.Planner:
		return aidNo{"ผู้วางแผนช่วยเหลืออนุมัติไม่ได้", "who made the plan may not approve it"}
	case e.Kind == AidAgreed && slices.Contains(a.Approvals, e.By):
		return aidNo{"ท่านอนุมัติแล้ว ต้องมีผู้อนุมัติอีกคน", "you have approved already: another person must"}
	case e.Kind == AidAgreed && len(a.Blocking()) > 0:
		return aidNo{"ยังมีข้อที่ต้องตรวจก่อนอนุมัติ", "something that was found stands in the way"}
	}
	return aidNo{}
}

// mayMove is what an event needs to say.
func (a AidRequest) mayMove(e AidEvent) aidNo {
	switch e.Kind {
	case AidSent:
		if e.Form <= a.Form || e.Place == nil || e.Place.Province == "" || len(e.Wanted) == 0 || len(e.Problems) == 0 || e.Urgency == "" {
			return aidNo{"แบบคำขอยังไม่ครบ", "the form is not complete"}
		}
	case AidGoesTo:
		if e.Office == "" || e.Office == a.Office {
			return aidNo{"ต้องระบุหน่วยงานอื่น", "name another office"}
		}
	case AidVisitPlanned:
		if e.Member == "" || !e.VisitAt.After(e.At) {
			return aidNo{"ต้องระบุผู้เยี่ยมและเวลาที่ยังไม่ผ่าน", "name who visits, and a time that has not passed"}
		}
	case AidCleared:
		if e.Cleared == nil || !slices.ContainsFunc(a.Blocking(), e.Cleared.Same) || e.Cleared.Kind != FoundDuplicate && e.Cleared.Kind != FoundUnknown {
			return aidNo{"ข้อนี้ปลดไม่ได้", "this finding cannot be cleared"}
		}
	case AidPlanMade:
		if a.VisitedAt.IsZero() && !e.Yes {
			return aidNo{"ต้องเยี่ยมบ้านก่อนวางแผนช่วยเหลือ", "the home must be visited before a plan is made"}
		}
		if len(e.Items) == 0 || len(e.Items) > mostItems || e.Needed < 1 ||
			slices.ContainsFunc(e.Items, func(i AidItem) bool { return i.Code == "" || i.Satang <= 0 }) {
			return aidNo{"แผนต้องมี 1–" + strconv.Itoa(mostItems) + " รายการ แต่ละรายการมีมูลค่า", "a plan has 1 to " + strconv.Itoa(mostItems) + " items, each of some value"}
		}
	case AidContested:
		if e.At.After(a.UntilAt) {
			return aidNo{"พ้นกำหนดอุทธรณ์แล้ว", "the time for an appeal is over"}
		}
	case AidItemDropped:
		if i, found := a.Item(e.Item); !found || i.State != ItemGranted && i.State != ItemFailed {
			return aidNo{"ไม่มีรายการนี้ หรือจ่ายหรือมอบแล้ว หรืออยู่ที่ธนาคาร", "there is no such item, or it was paid or handed over, or the bank has it"}
		}
	case AidOrdered, AidItemPaid, AidItemFailed, AidItemGiven:
		return a.maySettle(e)
	case AidIntoAlarm, AidIntoCase:
		if e.Case == "" || e.Kind == AidIntoCase && a.Case != "" {
			return aidNo{"คำขอนี้มีเรื่องติดตามแล้ว หรือไม่มีเลขเรื่อง", "it has a case already, or there is none"}
		}
	case AidJudged:
		if !slices.Contains(AidOutcomes, e.Outcome) {
			return aidNo{"ต้องระบุผลการช่วยเหลือ", "say what became of the need"}
		}
	case AidEnded:
		return a.mayEnd(e)
	}
	return aidNo{}
}

func (a AidRequest) maySettle(e AidEvent) aidNo {
	i, found := a.Item(e.Item)
	if !found {
		return aidNo{"ไม่มีรายการนี้", "there is no such item"}
	}
	from := map[AidEventKind][]AidItemState{
		AidOrdered: {ItemGranted, ItemFailed}, AidItemPaid: {ItemOrdered, ItemFailed}, AidItemFailed: {ItemOrdered}, AidItemGiven: {ItemGranted, ItemFailed},
	}[e.Kind]
	if e.Kind == AidItemFailed && i.Goods {
		from = []AidItemState{ItemGranted, ItemFailed}
	}
	switch {
	case !i.Goods && (e.Order == "" || e.Kind != AidOrdered && e.Order != i.Order):
		return aidNo{"รายการเงินต้องอ้างเลขที่คำสั่งจ่ายของรายการนั้น", "money moves by its payment order alone"}
	case i.Goods != (e.Kind == AidItemGiven) && e.Kind != AidItemFailed:
		return aidNo{"รายการนี้เป็นเงินหรือสิ่งของ ไม่ตรงกับคำสั่ง", "goods are handed over, money is paid"}
	case !slices.Contains(from, i.State):
		return aidNo{"รายการนี้อยู่ในขั้นที่ทำสิ่งนี้ไม่ได้", "the item is not at a stage where this is possible"}
	case e.Kind == AidItemPaid && e.Satang != i.Satang:
		return aidNo{"จำนวนเงินไม่ตรงกับที่อนุมัติ", "the amount is not the one that was granted"}
	case e.Kind == AidItemGiven && len(e.Private.Files) < 2:
		return aidNo{"ต้องมีภาพถ่ายและลายมือชื่อผู้รับ", "a photo and the signature of who received it are needed"}
	}
	return aidNo{}
}

func (a AidRequest) mayEnd(e AidEvent) aidNo {
	switch {
	case a.State == AidRejected && (e.By.Kind != BySystem || !e.At.After(a.UntilAt)):
		return aidNo{"ยังอยู่ในกำหนดอุทธรณ์", "an appeal may still come"}
	case a.State == AidEvaluated && e.By.Kind == BySystem:
		return aidNo{"ต้องมีเจ้าหน้าที่ยุติเรื่อง", "a person ends it"}
	}
	return aidNo{}
}
