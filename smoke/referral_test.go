package smoke

import (
	"net/http"
	"strings"
	"testing"

	"github.com/ess-thailand/ess/casefile"
)

// Nothing is told to a partner without the person's consent or another basis. A
// partner that declines says why, and the next one is asked; who accepts reports.
func TestAReferralNeedsConsentAndPassesOnWhenItIsDeclined(t *testing.T) {
	h := start(t)
	id := h.begins(h.unitID(string(casefile.LevelMSDHSDuty)))
	hospital, shelter := h.unitID(string(casefile.LevelEMS)), h.unitID(string(casefile.LevelShelter))
	refer := map[string]any{"unit": hospital, "service": "HEALTH_CONTACT", "next": []casefile.UnitID{shelter}}
	h.mayNot("somsri", id, "refer", refer)
	h.orders("somsri", id, "consent", map[string]any{"consent": map[string]any{"purpose": "REFERRAL", "given": true, "basis": "GUARDIAN_CONSENT"}})
	h.orders("somsri", id, "refer", refer)
	first := h.owedOf(id, casefile.OweReferral)
	if first.Unit != hospital {
		t.Fatalf("%s is asked first", first.Unit)
	}
	h.orders("somsri", id, "answer-referral", map[string]any{"obligation": first.ID, "yes": false, "reason": "NO_BED"})
	second := h.owedOf(id, casefile.OweReferral)
	if second.ID == first.ID || second.Unit != shelter {
		t.Fatalf("after the no %s is asked", second.Unit)
	}
	h.orders("somsri", id, "answer-referral", map[string]any{"obligation": second.ID, "yes": true})
	if service := h.owedOf(id, casefile.OweService); service.Unit != shelter || service.Code != "HEALTH_CONTACT" {
		t.Errorf("owed is %+v", service)
	}
	load := fetch[struct {
		Offices []struct {
			Unit      casefile.UnitID
			Cases     int
			Referrals struct{ Accepted, Declined int }
		}
	}](h, "/v1/statistics/case-load?province="+h.province.Code)
	if len(load.Offices) != 1 || load.Offices[0].Cases != 1 || load.Offices[0].Referrals.Accepted != 1 || load.Offices[0].Referrals.Declined != 1 {
		t.Errorf("the load is %+v", load)
	}
}

// A case goes to another office when that one accepts it, and not before.
func TestATransferChangesNothingUntilItIsAccepted(t *testing.T) {
	h := start(t)
	duty, shelter := h.unitID(string(casefile.LevelMSDHSDuty)), h.unitID(string(casefile.LevelShelter))
	id := h.begins(duty)
	h.orders("somsri", id, "manage", map[string]any{"member": h.memberID(string(casefile.LevelMSDHSDuty))})
	ask := map[string]any{"unit": shelter, "reason": "NEEDS_A_BED"}
	h.orders("somsri", id, "offer-transfer", ask)
	h.mayNot("wichai", id, "offer-transfer", ask) // one at a time
	transfer := h.owedOf(id, casefile.OweTransfer)
	if h.look(id).Owner != string(duty) {
		t.Error("the sender owns it no more")
	}
	h.orders("wichai", id, "answer-transfer", map[string]any{"obligation": transfer.ID, "yes": true})
	h.eventually("the shelter owns it", func() bool { return h.look(id).Owner == string(shelter) })
	if h.owedOf(id, casefile.OweManager); h.careOf(id).Manager != "" {
		t.Error("the old office's worker still manages the case")
	}
	for field, body := range map[string]map[string]any{
		"unit": {"unit": h.unitID(string(casefile.LevelStation)), "reason": "MOVED"}, "reason": {"unit": duty},
	} {
		if status, raw := h.command("somsri", id, "offer-transfer", body); status != http.StatusUnprocessableEntity || !strings.Contains(string(raw), `"field":"`+field+`"`) {
			t.Errorf("a wrong %s: %d %s", field, status, raw)
		}
	}
}
