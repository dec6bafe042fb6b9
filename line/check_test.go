package line

import (
	"reflect"
	"strings"
	"testing"

	"github.com/line/line-bot-sdk-go/v8/linebot/messaging_api"

	"github.com/ess-thailand/ess/casefile"
)

func ok() *messaging_api.PostbackAction {
	return &messaging_api.PostbackAction{Label: "รับ", Data: "v1|menu"}
}

func withQuick(a ...messaging_api.ActionInterface) messaging_api.MessageInterface {
	return &messaging_api.TextMessage{Text: "x", QuickReply: quick(a)}
}

func withButton(change func(*messaging_api.FlexButton)) messaging_api.MessageInterface {
	b := secondary(ok())
	change(b)
	return bubble("ESS", flex{header: []*messaging_api.FlexText{headline("x")}, lines: []string{"x"}, rows: [][]*messaging_api.FlexButton{{b}}})
}

func TestCheckRefusesWhatLINEWouldRefuse(t *testing.T) {
	many := make([]messaging_api.ActionInterface, 14)
	for i := range many {
		many[i] = ok()
	}
	big := flex{header: []*messaging_api.FlexText{headline("x")}}
	for range 20 {
		big.lines = append(big.lines, strings.Repeat("ก", 600))
	}
	tests := []struct {
		name string
		give messaging_api.MessageInterface
		want string // part of the finding
	}{
		{"empty text", &messaging_api.TextMessage{}, "UTF-16"},
		{"text of 5,001 units", &messaging_api.TextMessage{Text: strings.Repeat("ก", 5001)}, "UTF-16"},
		{"emoji count as two units", &messaging_api.TextMessage{Text: strings.Repeat("😀", 2501)}, "UTF-16"},
		{"NUL in a text", &messaging_api.TextMessage{Text: "a\x00b"}, "control"},
		{"a message by value", messaging_api.TextMessage{Text: "x"}, "pointer"},
		{"a nil message", (*messaging_api.TextMessage)(nil), "pointer"},
		{"a message of another kind", &messaging_api.StickerMessage{}, "not among"},
		{"14 quick replies", withQuick(many...), "quick replies"},
		{"quick reply without type", &messaging_api.TextMessage{Text: "x", QuickReply: &messaging_api.QuickReply{
			Items: []messaging_api.QuickReplyItem{{Action: ok()}}}}, "type is not"},
		{"label of 21 clusters", withQuick(&messaging_api.PostbackAction{Label: strings.Repeat("ก", 21), Data: "v1|menu"}), "clusters"},
		{"no label", withQuick(&messaging_api.PostbackAction{Data: "v1|menu"}), "clusters"},
		{"postback that our door cannot read", withQuick(&messaging_api.PostbackAction{Label: "x", Data: "accept=1"}), "our own door"},
		{"postback without data", withQuick(&messaging_api.PostbackAction{Label: "x"}), "our own door"},
		{"deprecated text in a postback", withQuick(&messaging_api.PostbackAction{Label: "x", Data: "v1|menu", Text: "x"}), "deprecated"},
		{"URI with a scheme LINE does not open", withQuick(&messaging_api.UriAction{Label: "x", Uri: "javascript:1"}), "URI"},
		{"URI of 1,001", withQuick(&messaging_api.UriAction{Label: "x", Uri: "https://a/" + strings.Repeat("a", 1000)}), "URI"},
		{"action by value", withQuick(messaging_api.CameraAction{Label: "x"}), "not among"},
		{"location action in a Flex button", withButton(func(b *messaging_api.FlexButton) { b.Action = &messaging_api.LocationAction{Label: "x"} }), "not allow"},
		{"button that does not grow", withButton(func(b *messaging_api.FlexButton) { b.Scaling = false }), "scaling"},
		{"no altText", &messaging_api.FlexMessage{Contents: &messaging_api.FlexBubble{Body: vertical()}}, "altText"},
		{"bubble without body", &messaging_api.FlexMessage{AltText: "x", Contents: &messaging_api.FlexBubble{}}, "without a body"},
		{"bubble by value", &messaging_api.FlexMessage{AltText: "x", Contents: messaging_api.FlexBubble{}}, "neither bubble"},
		{"bubble over 30 KB", bubble("x", big), "bytes"},
		{"carousel of two sizes", &messaging_api.FlexMessage{AltText: "x", Contents: &messaging_api.FlexCarousel{Contents: []messaging_api.FlexBubble{
			{Size: messaging_api.FlexBubbleSIZE_MEGA, Body: vertical()}, {Size: messaging_api.FlexBubbleSIZE_NANO, Body: vertical()}}}}, "different size"},
		{"confirm with three actions", &messaging_api.TemplateMessage{AltText: "x", Template: &messaging_api.ConfirmTemplate{
			Text: "x", Actions: []messaging_api.ActionInterface{ok(), ok(), ok()}}}, "want 2"},
		{"confirm text of 241", &messaging_api.TemplateMessage{AltText: "x", Template: &messaging_api.ConfirmTemplate{
			Text: strings.Repeat("ก", 241), Actions: []messaging_api.ActionInterface{ok(), ok()}}}, "clusters"},
		{"buttons with five actions", &messaging_api.TemplateMessage{AltText: "x", Template: &messaging_api.ButtonsTemplate{
			Text: "x", Actions: []messaging_api.ActionInterface{ok(), ok(), ok(), ok(), ok()}}}, "want 1 to 4"},
		{"buttons text of 161", &messaging_api.TemplateMessage{AltText: "x", Template: &messaging_api.ButtonsTemplate{
			Text: strings.Repeat("ก", 161), Actions: []messaging_api.ActionInterface{ok()}}}, "clusters"},
		{"a template of another kind", &messaging_api.TemplateMessage{AltText: "x", Template: &messaging_api.CarouselTemplate{}}, "not among"},
		{"location without title", &messaging_api.LocationMessage{Address: "x"}, "title"},
		{"location off the earth", &messaging_api.LocationMessage{Title: "x", Address: "x", Latitude: 91}, "range"},
		{"sender that calls itself LINE", &messaging_api.TextMessage{Text: "x", Sender: &messaging_api.Sender{Name: "Line"}}, "own name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := checkMessages([]messaging_api.MessageInterface{tt.give})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("found %v, want %q", err, tt.want)
			}
		})
	}
}

func TestCheckCountsMessages(t *testing.T) {
	text := &messaging_api.TextMessage{Text: "x"}
	if checkMessages(nil) == nil {
		t.Error("no message at all passed")
	}
	six := []messaging_api.MessageInterface{text, text, text, text, text, text}
	if checkMessages(six) == nil {
		t.Error("six messages passed")
	}
	if err := checkMessages(six[:5]); err != nil {
		t.Errorf("five messages refused: %v", err)
	}
}

// Thai vowels and tone marks are no letters of their own on a button.
func TestCheckCountsThaiAsLINEDoes(t *testing.T) {
	label := strings.Repeat("กั้", 20) // 20 clusters, 60 code points
	if err := checkMessages([]messaging_api.MessageInterface{withQuick(&messaging_api.PostbackAction{Label: label, Data: "v1|menu"})}); err != nil {
		t.Errorf("20 Thai clusters refused: %v", err)
	}
}

// What the check says may be logged: it holds no words of the message.
func TestCheckNeverRepeatsTheWords(t *testing.T) {
	err := checkMessages([]messaging_api.MessageInterface{
		&messaging_api.TextMessage{Text: "secret\x00" + strings.Repeat("ก", 6000)},
		withQuick(&messaging_api.UriAction{Label: "secret", Uri: "secret://secret"}),
	})
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("finding: %v", err)
	}
}

func TestCheckMenuRefusesWhatLINEWouldRefuse(t *testing.T) {
	area := func(x, y, w, h int64) []messaging_api.RichMenuArea {
		return []messaging_api.RichMenuArea{{Bounds: &messaging_api.RichMenuBounds{X: x, Y: y, Width: w, Height: h}, Action: ok()}}
	}
	menu := func(w, h int64, bar string, areas []messaging_api.RichMenuArea) *messaging_api.RichMenuRequest {
		return &messaging_api.RichMenuRequest{Name: "x", ChatBarText: bar, Size: &messaging_api.RichMenuSize{Width: w, Height: h}, Areas: areas}
	}
	tests := []struct {
		name string
		give *messaging_api.RichMenuRequest
		want string
	}{
		{"fine", menu(2500, 1686, "แจ้งเหตุฉุกเฉิน", area(0, 0, 2500, 1686)), ""},
		{"area outside", menu(2500, 1686, "x", area(2000, 0, 501, 10)), "outside"},
		{"too tall", menu(2500, 1800, "x", area(0, 0, 1, 1)), "size"},
		{"too small", menu(700, 300, "x", area(0, 0, 1, 1)), "size"},
		{"no areas", menu(2500, 1686, "x", nil), "areas"},
		{"chat bar of 15 clusters", menu(2500, 1686, strings.Repeat("ก", 15), area(0, 0, 1, 1)), "chatBarText"},
		{"no size", &messaging_api.RichMenuRequest{Name: "x", ChatBarText: "x"}, "no size"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := checkMenu(tt.give)
			if (tt.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("found %v, want %q", err, tt.want)
			}
		})
	}
}

func TestPostbackSurvivesTheRoundTrip(t *testing.T) {
	tests := []casefile.Incoming{
		{Word: casefile.Tapped, Type: casefile.Confinement},
		{Word: casefile.Tapped, Quiet: true},
		{Word: casefile.Pressed, Action: casefile.ActAccept, Case: caseID, Offer: 12, Minutes: 10, Role: casefile.MSDHS},
		{Word: casefile.Pressed, Action: casefile.ActDecline, Case: caseID, Offer: 12, Reason: "BUSY"},
		{Word: casefile.Pressed, Action: casefile.ActCard, Case: caseID, Reason: "WEAPON", Option: "YES"},
		{Word: casefile.Pressed, Action: casefile.ActLanguage, Language: casefile.English},
	}
	for _, want := range tests {
		data := Encode(want)
		if got := Decode(data); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", data, got, want)
		}
		if len(data) > maxPostback || strings.Contains(data, "CONFINEMENT") {
			t.Errorf("%s: too long or too telling", data)
		}
	}
}

func TestPostbackOfAnotherHandIsUnknown(t *testing.T) {
	for _, data := range []string{
		"", "|", "v1", "v1|", "v2|accept", "accept", "v1|report", "v1|report|t=6", "v1|report|t=0", "v1|accept|c=../x", "v1|accept|o=-1",
		"v1|accept|o=01", "v1|accept|m=601", "v1|accept|r=NOBODY", "v1|accept|w=a b", "v1|accept|z=1", "v1|accept|o=1|o=2", "v1|accept|c",
		"v1|report_joins|c=" + string(caseID), "v1|lead_ended|y=1", "v1|lead_has", "v1|same_place", // what one case tells another
		"v1|cancel|" + strings.Repeat("x", 300),
	} {
		if in := Decode(data); !reflect.DeepEqual(in, casefile.Incoming{Word: casefile.Unknown}) {
			t.Errorf("%q was read as %+v", data, in)
		}
	}
}

func FuzzPostback(f *testing.F) {
	f.Add("v1|accept|c=6f3a2d90-1c55-4b7e-9a10-5d2f8f6c1e01|o=12|m=10|r=POLICE")
	f.Add("v1|report|t=1")
	f.Add("v1|report|q=1")
	f.Add("v2|x")
	f.Fuzz(func(t *testing.T, data string) {
		in := Decode(data)
		if in.Word == casefile.Unknown {
			if !reflect.DeepEqual(in, casefile.Incoming{Word: casefile.Unknown}) {
				t.Errorf("unknown with values: %+v", in)
			}
			return
		}
		if again := Decode(Encode(in)); !reflect.DeepEqual(again, in) {
			t.Errorf("%q: read as %+v, then as %+v", data, in, again)
		}
	})
}
