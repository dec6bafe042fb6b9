package lineemu

import (
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// The limits in this file are the ones that LINE's OpenAPI description lacks
// or counts wrongly. Text and altText count UTF-16 units; labels, titles and
// everything else that people read count grapheme clusters.

// Detail is one fault of a request, as LINE reports it.
type Detail struct {
	Message  string `json:"message,omitempty"`
	Property string `json:"property,omitempty"`
}

// problem is a refusal in LINE's words.
type problem struct {
	Message      string        `json:"message"`
	Details      []Detail      `json:"details,omitzero"` // empty is shown, nil is not
	SentMessages []sentMessage `json:"sentMessages,omitempty"`
}

type object = map[string]any

// checker collects what is wrong with a request.
type checker struct{ details []Detail }

func (c *checker) add(property, format string, args ...any) {
	c.details = append(c.details, Detail{Message: fmt.Sprintf(format, args...), Property: property})
}

// problem says it in one sentence, or is nil.
func (c *checker) problem() *problem {
	if len(c.details) == 0 {
		return nil
	}
	return &problem{Message: fmt.Sprintf("The request body has %d error(s)", len(c.details)), Details: c.details}
}

func units(s string) int    { return len(utf16.Encode([]rune(s))) }
func clusters(s string) int { return uniseg.GraphemeClusterCount(s) }

// text checks a string property. When it must be there, an empty one is as
// wrong as none.
func (c *checker) text(o object, name, at string, count func(string) int, limit int, required bool) string {
	v, there := o[name]
	s, isText := v.(string)
	switch {
	case !there || v == nil:
		if required {
			c.add(at+name, "must be specified")
		}
	case !isText:
		c.add(at+name, "must be a string")
	case s == "" && required:
		c.add(at+name, "May not be empty")
	case count(s) > limit:
		c.add(at+name, "Length must be between 0 and %d", limit)
	}
	return s
}

func (c *checker) list(o object, name, at string, low, high int) []any {
	l, ok := o[name].([]any)
	if !ok || len(l) < low || len(l) > high {
		c.add(at+name, "Size must be between %d and %d", low, high)
		return nil
	}
	return l
}

func (c *checker) httpsURL(o object, name, at string, required bool) {
	s := c.text(o, name, at, units, 2000, required)
	if s == "" {
		return
	}
	if u, err := url.Parse(s); err != nil || u.Scheme != "https" || u.Host == "" {
		c.add(at+name, "invalid uri")
	}
}

func number(o object, name string) (float64, bool) {
	f, ok := o[name].(float64)
	return f, ok
}

// checkMessages checks the messages of one send.
func checkMessages(raw []json.RawMessage) ([]message, *problem) {
	c := &checker{}
	if len(raw) < 1 || len(raw) > 5 {
		c.add("messages", "Size must be between 1 and 5")
		return nil, c.problem()
	}
	out := make([]message, 0, len(raw))
	for i, r := range raw {
		at := fmt.Sprintf("messages[%d]", i)
		m, ok := parseMessage(r)
		if !ok {
			c.add(at, "must be an object")
			continue
		}
		if flaws := c.message(m, at+"."); len(flaws) > 0 {
			return nil, &problem{Message: "A message (" + at + ") in the request body is invalid", Details: flaws}
		}
		out = append(out, m)
	}
	return out, c.problem()
}

// message checks one message; flaws inside a Flex container come back apart,
// because LINE reports them apart.
func (c *checker) message(m message, at string) []Detail {
	o := m.body
	c.quickReply(o, at)
	c.sender(o, at)
	switch m.Type {
	case "text", "textV2":
		c.text(o, "text", at, units, 5000, true)
	case "sticker":
		c.text(o, "packageId", at, units, 50, true)
		c.text(o, "stickerId", at, units, 50, true)
	case "image", "video":
		c.httpsURL(o, "originalContentUrl", at, true)
		c.httpsURL(o, "previewImageUrl", at, true)
	case "audio":
		c.httpsURL(o, "originalContentUrl", at, true)
		if d, ok := number(o, "duration"); !ok || d <= 0 {
			c.add(at+"duration", "must be specified")
		}
	case "location":
		c.text(o, "title", at, clusters, 100, true)
		c.text(o, "address", at, clusters, 100, true)
		c.degrees(o, "latitude", at, 90)
		c.degrees(o, "longitude", at, 180)
	case "imagemap":
		c.httpsURL(o, "baseUrl", at, true)
		c.text(o, "altText", at, units, 1500, true)
		c.list(o, "actions", at, 1, 50)
		if _, ok := o["baseSize"].(object); !ok {
			c.add(at+"baseSize", "must be specified")
		}
	case "template":
		c.text(o, "altText", at, units, 1500, true)
		t, ok := o["template"].(object)
		if !ok {
			c.add(at+"template", "must be specified")
			return nil
		}
		c.template(t, at+"template.")
	case "flex":
		c.text(o, "altText", at, units, 1500, true)
		container, ok := o["contents"].(object)
		if !ok {
			c.add(at+"contents", "must be specified")
			return nil
		}
		return checkFlex(container, m.contentsSize)
	default:
		c.add(at+"type", "must be one of the message types")
	}
	return nil
}

func (c *checker) degrees(o object, name, at string, limit float64) {
	if d, ok := number(o, name); !ok {
		c.add(at+name, "must be specified")
	} else if math.Abs(d) > limit {
		c.add(at+name, "Must be between -%g and %g", limit, limit)
	}
}

func (c *checker) sender(o object, at string) {
	s, ok := o["sender"].(object)
	if !ok {
		return
	}
	name := c.text(s, "name", at+"sender.", utf8.RuneCountInString, 20, false)
	if strings.EqualFold(strings.TrimSpace(name), "LINE") {
		c.add(at+"sender.name", "invalid name")
	}
	c.httpsURL(s, "iconUrl", at+"sender.", false)
}

func (c *checker) quickReply(o object, at string) {
	q, there := o["quickReply"]
	if !there || q == nil {
		return
	}
	qo, _ := q.(object)
	for i, v := range c.list(qo, "items", at+"quickReply.", 1, 13) {
		at := fmt.Sprintf("%squickReply.items[%d].", at, i)
		item, _ := v.(object)
		if item["type"] != "action" {
			c.add(at+"type", "must be action")
		}
		c.httpsURL(item, "imageUrl", at, false)
		c.action(item["action"], at+"action", inQuickReply)
	}
}

// parent is where an action stands; it decides the length of the label and
// which types are allowed.
type parent struct {
	label    int  // clusters
	labelled bool // a label is required
	only     []string
}

var (
	anywhere      = []string{"postback", "message", "uri", "datetimepicker", "clipboard"}
	inQuickReply  = parent{20, true, append([]string{"location", "camera", "cameraRoll"}, anywhere...)}
	inTemplate    = parent{20, true, anywhere}
	onTemplate    = parent{20, false, anywhere} // defaultAction: its label is not shown
	inImageColumn = parent{12, false, anywhere}
	inFlexButton  = parent{40, true, anywhere}
	inFlex        = parent{40, false, anywhere} // the action of a box, text, image or bubble
	inRichMenu    = parent{20, false, append([]string{"richmenuswitch"}, anywhere...)}
)

func (c *checker) action(v any, at string, in parent) {
	a, ok := v.(object)
	if !ok {
		c.add(at, "must be specified")
		return
	}
	kind, _ := a["type"].(string)
	if !slices.Contains(in.only, kind) {
		c.add(at+".type", "invalid action type")
		return
	}
	at += "."
	c.text(a, "label", at, clusters, in.label, in.labelled)
	switch kind {
	case "postback":
		c.text(a, "data", at, utf8.RuneCountInString, 300, true)
		shown := c.text(a, "displayText", at, clusters, 300, false)
		if old := c.text(a, "text", at, clusters, 300, false); old != "" && shown != "" {
			c.add(at+"displayText", "must not be specified together with text")
		}
		option, _ := a["inputOption"].(string)
		if option != "" && !slices.Contains([]string{"closeRichMenu", "openRichMenu", "openKeyboard", "openVoice"}, option) {
			c.add(at+"inputOption", "invalid value")
		}
		if fill := c.text(a, "fillInText", at, clusters, 300, false); fill != "" && option != "openKeyboard" {
			c.add(at+"fillInText", "needs the inputOption openKeyboard")
		}
	case "message":
		c.text(a, "text", at, clusters, 300, true)
	case "uri":
		uri := c.text(a, "uri", at, units, 1000, true)
		if u, err := url.Parse(uri); uri != "" && (err != nil || !slices.Contains([]string{"http", "https", "line", "tel"}, u.Scheme)) {
			c.add(at+"uri", "invalid uri")
		}
	case "datetimepicker":
		c.text(a, "data", at, utf8.RuneCountInString, 300, true)
		if mode, _ := a["mode"].(string); mode != "date" && mode != "time" && mode != "datetime" {
			c.add(at+"mode", "must be one of date, time, datetime")
		}
	case "clipboard":
		c.text(a, "clipboardText", at, units, 1000, true)
	case "richmenuswitch":
		c.text(a, "data", at, utf8.RuneCountInString, 300, true)
		if alias := c.text(a, "richMenuAliasId", at, units, 32, true); alias != "" && !aliasPattern.MatchString(alias) {
			c.add(at+"richMenuAliasId", "invalid richMenuAliasId")
		}
	}
}

func (c *checker) actions(o object, at string, low, high int) {
	for i, a := range c.list(o, "actions", at, low, high) {
		c.action(a, fmt.Sprintf("%sactions[%d]", at, i), inTemplate)
	}
}

func (c *checker) template(t object, at string) {
	kind, _ := t["type"].(string)
	switch kind {
	case "buttons":
		c.card(t, at, 160)
		c.actions(t, at, 1, 4)
	case "confirm":
		c.text(t, "text", at, clusters, 240, true)
		c.actions(t, at, 2, 2)
	case "carousel":
		size := -1
		for i, v := range c.list(t, "columns", at, 1, 10) {
			at := fmt.Sprintf("%scolumns[%d].", at, i)
			column, _ := v.(object)
			c.card(column, at, 120)
			c.actions(column, at, 1, 3)
			actions, _ := column["actions"].([]any)
			if size >= 0 && len(actions) != size {
				c.add(at+"actions", "must have as many actions as the first column")
			}
			size = len(actions)
		}
	case "image_carousel":
		for i, v := range c.list(t, "columns", at, 1, 10) {
			at := fmt.Sprintf("%scolumns[%d].", at, i)
			column, _ := v.(object)
			c.httpsURL(column, "imageUrl", at, true)
			c.action(column["action"], at+"action", inImageColumn)
		}
	default:
		c.add(at+"type", "must be one of buttons, confirm, carousel, image_carousel")
	}
}

// card checks what buttons template and carousel column share: a picture or a
// title leaves less room for text.
func (c *checker) card(t object, at string, room int) {
	title := c.text(t, "title", at, clusters, 40, false)
	c.httpsURL(t, "thumbnailImageUrl", at, false)
	if image, _ := t["thumbnailImageUrl"].(string); title != "" || image != "" {
		room = 60
	}
	c.text(t, "text", at, clusters, room, true)
	if a, there := t["defaultAction"]; there && a != nil {
		c.action(a, at+"defaultAction", onTemplate)
	}
}

// checkRichMenu checks a rich menu object.
func checkRichMenu(o object) *problem {
	c := &checker{}
	c.text(o, "name", "", clusters, 300, true)
	c.text(o, "chatBarText", "", clusters, 14, true)
	if _, ok := o["selected"].(bool); !ok {
		c.add("selected", "must be specified")
	}
	size, _ := o["size"].(object)
	w, _ := number(size, "width")
	h, _ := number(size, "height")
	switch {
	case w < 800 || w > 2500 || h < 250:
		c.add("size", "width must be between 800 and 2500, height at least 250")
	case w/h < 1.45:
		c.add("size", "width / height must be at least 1.45")
	}
	for i, v := range c.list(o, "areas", "", 0, 20) {
		at := fmt.Sprintf("areas[%d].", i)
		area, _ := v.(object)
		b, _ := area["bounds"].(object)
		x, _ := number(b, "x")
		y, _ := number(b, "y")
		bw, _ := number(b, "width")
		bh, _ := number(b, "height")
		if x < 0 || y < 0 || bw < 1 || bh < 1 || x+bw > w || y+bh > h {
			c.add(at+"bounds", "must be inside the image")
		}
		c.action(area["action"], at+"action", inRichMenu)
	}
	return c.problem()
}

// checkFlex checks a Flex container of the given size in bytes. Paths in its
// details are JSON pointers, as LINE writes them.
func checkFlex(o object, size int) []Detail {
	f := &flexChecker{}
	switch o["type"] {
	case "bubble":
		if size > 30<<10 {
			f.add("/", "bubble must be at most 30 KB")
		}
		f.bubble(o, "")
	case "carousel":
		if size > 50<<10 {
			f.add("/", "carousel must be at most 50 KB")
		}
		f.known(o, "", "type", "contents")
		bubbles, _ := o["contents"].([]any)
		if len(bubbles) < 1 || len(bubbles) > 12 {
			f.add("/contents", "Size must be between 1 and 12")
			return f.details
		}
		for i, v := range bubbles {
			at := fmt.Sprintf("/contents/%d", i)
			b, _ := v.(object)
			if b["type"] != "bubble" {
				f.add(at, "must be a bubble")
				continue
			}
			if first, _ := bubbles[0].(object); bubbleSize(b) != bubbleSize(first) {
				f.add(at+"/size", "bubbles of a carousel must have one size")
			}
			f.bubble(b, at)
		}
	default:
		f.add("/type", "must be bubble or carousel")
	}
	return f.details
}

func bubbleSize(b object) string {
	if s, ok := b["size"].(string); ok {
		return s
	}
	return "mega"
}

type flexChecker struct{ checker }

// known refuses every property that LINE does not know.
func (f *flexChecker) known(o object, at string, names ...string) {
	for name := range o {
		if !slices.Contains(names, name) {
			f.add(at+"/"+name, "invalid property")
		}
	}
}

func (f *flexChecker) bubble(b object, at string) {
	f.known(b, at, "type", "size", "direction", "header", "hero", "body", "footer", "styles", "action")
	f.value(b, "size", at, oneOf("nano", "micro", "deca", "hecto", "kilo", "mega", "giga"))
	f.value(b, "direction", at, oneOf("ltr", "rtl"))
	f.action(b, at, inFlex)
	blocks := 0
	for _, name := range []string{"header", "hero", "body", "footer"} {
		v, there := b[name]
		if !there {
			continue
		}
		blocks++
		allowed := []string{"box"}
		if name == "hero" {
			allowed = []string{"box", "image", "video"}
		}
		f.component(v, at+"/"+name, allowed)
	}
	if blocks == 0 {
		f.add(at+"/", "must have at least one block")
	}
	if styles, ok := b["styles"].(object); ok {
		f.known(styles, at+"/styles", "header", "hero", "body", "footer")
		for name, v := range styles {
			at := at + "/styles/" + name
			style, _ := v.(object)
			f.known(style, at, "backgroundColor", "separator", "separatorColor")
			f.value(style, "backgroundColor", at, color)
			f.value(style, "separatorColor", at, color)
			f.value(style, "separator", at, boolean)
		}
	}
}

// component checks one component and what is in it.
func (f *flexChecker) component(v any, at string, allowed []string) {
	o, _ := v.(object)
	kind, _ := o["type"].(string)
	if !slices.Contains(allowed, kind) {
		f.add(at, "invalid property")
		return
	}
	for name, v := range o {
		check, known := flexProperties[kind][name]
		switch {
		case !known:
			f.add(at+"/"+name, "invalid property")
		case check != nil && !check(v):
			f.add(at+"/"+name, "invalid value")
		}
	}
	switch kind {
	case "box":
		f.box(o, at)
	case "text":
		f.spans(o, at)
		f.action(o, at, inFlex)
	case "button":
		if _, there := o["action"]; !there {
			f.add(at+"/action", "must be specified")
		}
		f.action(o, at, inFlexButton)
	case "image", "icon":
		f.httpsURL(o, "url", at+"/", true)
		f.action(o, at, inFlex)
	case "video":
		f.httpsURL(o, "url", at+"/", true)
		f.httpsURL(o, "previewUrl", at+"/", true)
		f.component(o["altContent"], at+"/altContent", []string{"box", "image"})
		f.action(o, at, inFlex)
	}
}

func (f *flexChecker) box(o object, at string) {
	layout, _ := o["layout"].(string)
	inside := []string{"box", "button", "image", "text", "separator", "filler"}
	switch layout {
	case "vertical", "horizontal":
	case "baseline":
		inside = []string{"icon", "text", "filler"}
	default:
		f.add(at+"/layout", "must be one of horizontal, vertical, baseline")
	}
	contents, ok := o["contents"].([]any)
	if !ok {
		f.add(at+"/contents", "must be specified")
	}
	for i, child := range contents {
		f.component(child, fmt.Sprintf("%s/contents/%d", at, i), inside)
	}
	f.action(o, at, inFlex)
	if bg, ok := o["background"].(object); ok {
		at := at + "/background"
		f.known(bg, at, "type", "angle", "startColor", "endColor", "centerColor", "centerPosition")
		f.value(bg, "type", at, oneOf("linearGradient"))
		for _, name := range []string{"startColor", "endColor", "centerColor"} {
			f.value(bg, name, at, color)
		}
	}
}

// spans checks that a text says something, in itself or in its spans.
func (f *flexChecker) spans(o object, at string) {
	spans, _ := o["contents"].([]any)
	for i, s := range spans {
		f.component(s, fmt.Sprintf("%s/contents/%d", at, i), []string{"span"})
	}
	if text, _ := o["text"].(string); text == "" && len(spans) == 0 {
		f.add(at+"/text", "must be non-empty text")
	}
}

func (f *flexChecker) action(o object, at string, in parent) {
	if a, there := o["action"]; there {
		f.checker.action(a, at+"/action", in)
	}
}

func (f *flexChecker) value(o object, name, at string, check rule) {
	if v, there := o[name]; there && !check(v) {
		f.add(at+"/"+name, "invalid value")
	}
}

// rule reports whether a Flex property may have a value.
type rule func(v any) bool

var (
	pixels      = regexp.MustCompile(`^\d+(\.\d+)?px$`)
	percent     = regexp.MustCompile(`^\d+(\.\d+)?%$`)
	hexColor    = regexp.MustCompile(`^#([0-9a-fA-F]{6}|[0-9a-fA-F]{8})$`)
	aspectRatio = regexp.MustCompile(`^(\d{1,6}(?:\.\d+)?):(\d{1,6}(?:\.\d+)?)$`)
)

func oneOf(words ...string) rule {
	return func(v any) bool { s, ok := v.(string); return ok && slices.Contains(words, s) }
}

func wordOr(words []string, patterns ...*regexp.Regexp) rule {
	return func(v any) bool {
		s, ok := v.(string)
		return ok && (slices.Contains(words, s) ||
			slices.ContainsFunc(patterns, func(p *regexp.Regexp) bool { return p.MatchString(s) }))
	}
}

func boolean(v any) bool  { _, ok := v.(bool); return ok }
func anyText(v any) bool  { _, ok := v.(string); return ok }
func wholeNum(v any) bool { f, ok := v.(float64); return ok && f >= 0 && f == math.Trunc(f) }
func color(v any) bool    { s, ok := v.(string); return ok && hexColor.MatchString(s) }

func ratio(v any) bool {
	s, _ := v.(string)
	m := aspectRatio.FindStringSubmatch(s)
	if m == nil {
		return false
	}
	w, errW := strconv.ParseFloat(m[1], 64)
	h, errH := strconv.ParseFloat(m[2], 64)
	return errW == nil && errH == nil && w >= 1 && h >= 1 && w <= 100_000 && h <= 3*w
}

// flexProperties lists every property of every component. A nil rule is
// checked where the component is, because it holds other objects.
var flexProperties = func() map[string]map[string]rule {
	steps := []string{"none", "xs", "sm", "md", "lg", "xl", "xxl"}
	sizes := []string{"xxs", "xs", "sm", "md", "lg", "xl", "xxl", "3xl", "4xl", "5xl"}
	space := wordOr(steps, pixels)
	length := wordOr(nil, pixels, percent)
	share := wordOr(steps, pixels, percent)
	place := map[string]rule{
		"margin": space, "position": oneOf("relative", "absolute"),
		"offsetTop": share, "offsetBottom": share, "offsetStart": share, "offsetEnd": share,
	}
	start := oneOf("start", "end", "center")
	gravity := oneOf("top", "bottom", "center")
	shrink := oneOf("shrink-to-fit")
	letters := map[string]rule{
		"size": wordOr(sizes, pixels), "color": color, "weight": oneOf("regular", "bold"),
		"style": oneOf("normal", "italic"), "decoration": oneOf("none", "underline", "line-through"),
	}
	join := func(tables ...map[string]rule) map[string]rule {
		all := map[string]rule{"type": nil}
		for _, t := range tables {
			for name, r := range t {
				all[name] = r
			}
		}
		return all
	}
	return map[string]map[string]rule{
		"box": join(place, map[string]rule{
			"layout": nil, "contents": nil, "action": nil, "background": nil, "flex": wholeNum, "spacing": space,
			"backgroundColor": color, "borderColor": color,
			"borderWidth":  wordOr([]string{"none", "light", "normal", "medium", "semi-bold", "bold"}, pixels),
			"cornerRadius": space, "width": length, "maxWidth": length, "height": length, "maxHeight": length,
			"paddingAll": share, "paddingTop": share, "paddingBottom": share, "paddingStart": share, "paddingEnd": share,
			"justifyContent": oneOf("center", "flex-start", "flex-end", "space-between", "space-around", "space-evenly"),
			"alignItems":     oneOf("center", "flex-start", "flex-end"),
		}),
		"button": join(place, map[string]rule{
			"action": nil, "flex": wholeNum, "color": color, "style": oneOf("primary", "secondary", "link"),
			"gravity": gravity, "height": oneOf("sm", "md"), "adjustMode": shrink, "scaling": boolean,
		}),
		"text": join(place, letters, map[string]rule{
			"text": anyText, "contents": nil, "action": nil, "flex": wholeNum, "align": start, "gravity": gravity,
			"wrap": boolean, "maxLines": wholeNum, "lineSpacing": wordOr(nil, pixels), "adjustMode": shrink, "scaling": boolean,
		}),
		"span": join(letters, map[string]rule{"text": anyText}),
		"image": join(place, map[string]rule{
			"url": nil, "action": nil, "flex": wholeNum, "align": start, "gravity": gravity,
			"size": wordOr(append([]string{"full"}, sizes...), pixels, percent), "aspectRatio": ratio,
			"aspectMode": oneOf("fit", "cover"), "backgroundColor": color, "animated": boolean,
		}),
		"icon":      join(place, map[string]rule{"url": nil, "size": wordOr(sizes, pixels), "aspectRatio": ratio, "scaling": boolean}),
		"video":     join(map[string]rule{"url": nil, "previewUrl": nil, "altContent": nil, "action": nil, "aspectRatio": ratio}),
		"separator": join(map[string]rule{"margin": space, "color": color}),
		"filler":    join(map[string]rule{"flex": wholeNum}),
	}
}()
