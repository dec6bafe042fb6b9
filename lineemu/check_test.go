package lineemu

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// Building blocks of the tables: what a test breaks stands in its row.
func textOf(s string) object { return object{"type": "text", "text": s} }
func postback(label, data string) object {
	return object{"type": "postback", "label": label, "data": data}
}
func uriTo(uri string) object {
	return object{"type": "uri", "label": "แผนที่", "uri": uri}
}
func button(action object) object { return object{"type": "button", "action": action} }
func box(layout string, in ...object) object {
	return object{"type": "box", "layout": layout, "contents": append([]object{}, in...)}
}
func bubble(in ...object) object { return object{"type": "bubble", "body": box("vertical", in...)} }
func flex(container object) object {
	return object{"type": "flex", "altText": "มีข้อความใหม่", "contents": container}
}
func template(t object) object {
	return object{"type": "template", "altText": "มีข้อความใหม่", "template": t}
}
func confirm(actions ...object) object {
	return template(object{"type": "confirm", "text": "ใช่ไหม", "actions": actions})
}
func buttons(text string, extra object) object {
	t := object{"type": "buttons", "text": text, "actions": []object{postback("ใช่", "y")}}
	for k, v := range extra {
		t[k] = v
	}
	return template(t)
}
func carousel(bubbles ...object) object {
	return flex(object{"type": "carousel", "contents": bubbles})
}
func quick(n int, action object) object {
	items := make([]object, n)
	for i := range items {
		items[i] = object{"type": "action", "action": action}
	}
	return with(textOf("เลือก"), "quickReply", object{"items": items})
}
func place(title string, lat float64) object {
	return object{"type": "location", "title": title, "address": "พิษณุโลก", "latitude": lat, "longitude": 100.26}
}

// label makes n grapheme clusters out of 2n code points.
func label(n int) string { return strings.Repeat("กี", n) }

func TestMessageLimits(t *testing.T) {
	many := make([]object, 13)
	for i := range many {
		many[i] = bubble(textOf("x"))
	}
	tests := []struct {
		name  string
		give  object
		wrong string // what the refusal must mention; empty is fine
	}{
		{"text of 5000 units", textOf(strings.Repeat("ก", 5000)), ""},
		{"text of 2501 emoji is 5002 units", textOf(strings.Repeat("🚨", 2501)), "messages[0].text"},
		{"empty text", textOf(""), "messages[0].text"},
		{"altText of 1501 units", with(flex(bubble(textOf("x"))), "altText", strings.Repeat("ก", 1501)), "altText"},
		{"no altText", with(flex(bubble(textOf("x"))), "altText", nil), "altText"},

		{"13 quick replies", quick(13, postback("ยกเลิก", "c")), ""},
		{"14 quick replies", quick(14, postback("ยกเลิก", "c")), "quickReply.items"},
		{"quick reply label of 20 clusters", quick(1, postback(label(20), "c")), ""},
		{"quick reply label of 21 clusters", quick(1, postback(label(21), "c")), "label"},
		{"quick reply without a label", quick(1, object{"type": "location"}), "label"},
		{"location quick reply", quick(1, object{"type": "location", "label": "ตำแหน่ง"}), ""},
		{"quick reply without type", with(textOf("x"), "quickReply", object{"items": []object{{"action": postback("a", "b")}}}), "items[0].type"},

		{"postback data of 300", confirm(postback("a", strings.Repeat("d", 300)), postback("b", "x")), ""},
		{"postback data of 301", confirm(postback("a", strings.Repeat("d", 301)), postback("b", "x")), "data"},
		{"postback without data", confirm(object{"type": "postback", "label": "a"}, postback("b", "x")), "data"},
		{"displayText together with text", confirm(with(with(postback("a", "x"), "displayText", "y"), "text", "z"), postback("b", "x")), "displayText"},
		{"unknown inputOption", confirm(with(postback("a", "x"), "inputOption", "shut"), postback("b", "x")), "inputOption"},
		{"fillInText without keyboard", confirm(with(postback("a", "x"), "fillInText", "y"), postback("b", "x")), "fillInText"},
		{"location action outside a quick reply", confirm(object{"type": "location", "label": "a"}, postback("b", "x")), "type"},
		{"tel uri", confirm(uriTo("tel:191"), postback("b", "x")), ""},
		{"line uri", confirm(uriTo("line://nv/location"), postback("b", "x")), ""},
		{"javascript uri", confirm(uriTo("javascript:alert(1)"), postback("b", "x")), "invalid uri"},
		{"uri of 1001", confirm(uriTo("https://e.th/"+strings.Repeat("x", 1000)), postback("b", "x")), "uri"},

		{"confirm with one action", confirm(postback("a", "x")), "actions"},
		{"confirm with three actions", confirm(postback("a", "x"), postback("b", "x"), postback("c", "x")), "actions"},
		{"template label of 21 clusters", confirm(postback(label(21), "x"), postback("b", "x")), "label"},
		{"buttons text of 160 clusters", buttons(label(160), nil), ""},
		{"buttons text of 161 clusters", buttons(label(161), nil), "text"},
		{"buttons text of 61 with a title", buttons(label(61), object{"title": "หัวข้อ"}), "text"},
		{"buttons title of 41", buttons("x", object{"title": label(41)}), "title"},
		{"buttons picture over http", buttons("x", object{"thumbnailImageUrl": "http://e.th/a.png"}), "thumbnailImageUrl"},

		{"location", place("วัดใหญ่", 16.82), ""},
		{"location without title", place("", 16.82), "title"},
		{"location title of 101", place(label(101), 16.82), "title"},
		{"latitude 91", place("x", 91), "latitude"},
		{"sender name of 21", with(textOf("x"), "sender", object{"name": strings.Repeat("x", 21)}), "sender.name"},
		{"image over http", object{"type": "image", "originalContentUrl": "http://e.th/a.png", "previewImageUrl": "https://e.th/a.png"}, "originalContentUrl"},

		{"flex", flex(bubble(textOf("x"), button(postback(label(40), "x")))), ""},
		{"flex box with no contents", flex(bubble(box("vertical"))), ""},
		{"flex contents null", flex(object{"type": "bubble", "body": object{"type": "box", "layout": "vertical", "contents": nil}}), "/body/contents"},
		{"flex button label of 41", flex(bubble(button(postback(label(41), "x")))), "label"},
		{"flex button without label", flex(bubble(button(object{"type": "uri", "uri": "tel:191"}))), "label"},
		{"flex button without action", flex(bubble(object{"type": "button"})), "/body/contents/0/action"},
		{"unknown flex property", flex(bubble(with(textOf("x"), "colour", "#ffffff"))), "/body/contents/0/colour"},
		{"unknown bubble property", flex(with(bubble(textOf("x")), "foot", box("vertical"))), "/foot"},
		{"unknown component", flex(bubble(object{"type": "table"})), "/body/contents/0"},
		{"component without type", flex(bubble(object{"text": "x"})), "/body/contents/0"},
		{"empty flex text", flex(bubble(textOf(""))), "/body/contents/0/text"},
		{"colour by name", flex(bubble(with(textOf("x"), "color", "red"))), "color"},
		{"unknown text size", flex(bubble(with(textOf("x"), "size", "huge"))), "size"},
		{"text size in pixels", flex(bubble(with(textOf("x"), "size", "15px"))), ""},
		{"button in a baseline box", flex(bubble(box("baseline", button(postback("a", "x"))))), "/body/contents/0/contents/0"},
		{"text as hero", flex(with(bubble(textOf("x")), "hero", textOf("x"))), "/hero"},
		{"bubble without a block", flex(object{"type": "bubble"}), "block"},
		{"image three times as high", flex(with(bubble(textOf("x")), "hero", object{"type": "image", "url": "https://e.th/a.png", "aspectRatio": "1:4"})), "aspectRatio"},
		{"bubble over 30 KB", flex(bubble(textOf(strings.Repeat("x", 31<<10)))), "30 KB"},
		{"carousel over 50 KB", carousel(bubble(textOf(strings.Repeat("x", 26<<10))), bubble(textOf(strings.Repeat("x", 26<<10)))), "50 KB"},
		{"carousel of 13", carousel(many...), "/contents"},
		{"carousel of two sizes", carousel(bubble(textOf("x")), with(bubble(textOf("x")), "size", "kilo")), "size"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, bad := checkMessages([]json.RawMessage{marshal(tt.give)})
			got := ""
			if bad != nil {
				got = string(marshal(bad))
			}
			if (bad == nil) != (tt.wrong == "") || !strings.Contains(got, tt.wrong) {
				t.Errorf("got %s, want %q", got, tt.wrong)
			}
		})
	}
}

func TestRichMenuLimits(t *testing.T) {
	menu := func(change func(object)) object {
		area := object{"bounds": object{"x": 0.0, "y": 0.0, "width": 800.0, "height": 500.0}, "action": postback("แจ้งเหตุ", "v1|x")}
		m := object{"name": "citizen", "chatBarText": "แจ้งเหตุฉุกเฉิน", "selected": true, "size": object{"width": 800.0, "height": 500.0}, "areas": []any{area}}
		change(m)
		return m
	}
	first := func(m object) object { return m["areas"].([]any)[0].(object) }
	tests := []struct {
		name   string
		change func(object)
		wrong  string
	}{
		{"11 clusters in the chat bar", func(object) {}, ""},
		{"15 clusters in the chat bar", func(m object) { m["chatBarText"] = label(15) }, "chatBarText"},
		{"no name", func(m object) { delete(m, "name") }, "must be specified"},
		{"too narrow", func(m object) { m["size"] = object{"width": 799.0, "height": 500.0} }, "size"},
		{"too high for its width", func(m object) { m["size"] = object{"width": 800.0, "height": 600.0} }, "size"},
		{"area outside the image", func(m object) { first(m)["bounds"] = object{"x": 1.0, "y": 0.0, "width": 800.0, "height": 500.0} }, "areas[0].bounds"},
		{"label of 21 clusters", func(m object) { first(m)["action"] = postback(label(21), "x") }, "areas[0].action.label"},
		{"a forbidden uri", func(m object) { first(m)["action"] = uriTo("ftp://e.th") }, "invalid uri"},
		{"21 areas", func(m object) { m["areas"] = make([]any, 21) }, "areas"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bad := checkRichMenu(menu(tt.change))
			got := ""
			if bad != nil {
				got = string(marshal(bad))
			}
			if (bad == nil) != (tt.wrong == "") || !strings.Contains(got, tt.wrong) {
				t.Errorf("got %s, want %q", got, tt.wrong)
			}
		})
	}
}

// The description must refuse what its discriminators hide when read as
// published, and must take what LINE takes although it says otherwise.
func TestOpenAPIDescription(t *testing.T) {
	if _, err := os.Stat(openAPI); err != nil {
		t.Skipf("SKIPPED: no OpenAPI description at %s", openAPI)
	}
	s, err := loadSpec(openAPI)
	if err != nil {
		t.Fatal(err)
	}
	push := func(m object) object { return object{"to": stranger, "messages": []any{m}} }
	tests := []struct {
		name, path string
		body       object
		ok         bool
	}{
		{"text", pushPath, push(textOf("x")), true},
		{"text as a number", pushPath, push(object{"type": "text", "text": 5.0}), false},
		{"location without latitude", pushPath, push(object{"type": "location", "title": "x", "address": "y", "longitude": 1.0}), false},
		{"unknown layout deep in a bubble", pushPath, push(flex(bubble(box("diagonal")))), false},
		{"unknown action type in a button", pushPath, push(flex(bubble(button(object{"type": "call", "label": "x"})))), false},
		{"bubble", pushPath, push(flex(bubble(textOf("x"), button(postback("a", "b"))))), true},
		{"null aggregation units, as the SDK sends them", pushPath, with(push(textOf("x")), "customAggregationUnits", nil), true},
		{"15 code points in the chat bar", "/v2/bot/richmenu", object{"chatBarText": "แจ้งเหตุฉุกเฉิน"}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var decoded any
			if err := json.Unmarshal(marshal(tt.body), &decoded); err != nil {
				t.Fatal(err)
			}
			if bad := s.check("POST", tt.path, decoded); (bad == nil) != tt.ok {
				t.Errorf("got %+v", bad)
			}
		})
	}
}
