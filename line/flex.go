package line

import "github.com/line/line-bot-sdk-go/v8/linebot/messaging_api"

// Colours with a contrast of at least 4.5:1 against what lies under them. No
// meaning is carried by colour alone.
const (
	darkBlue  = "#1A237E"
	darkGreen = "#1B5E20"
	darkRed   = "#B71C1C"
	white     = "#FFFFFF"
	black     = "#212121"
)

// flex is what a card says, from top to bottom. Empty lines are left out.
type flex struct {
	header []*messaging_api.FlexText
	lines  []string
	rows   [][]*messaging_api.FlexButton
}

// bubble builds the card. The SDK writes zero values, so wrap, scaling and, beside
// others, flex are set everywhere; and only pointers keep their type.
func bubble(alt string, f flex) *messaging_api.FlexMessage {
	b := &messaging_api.FlexBubble{Size: messaging_api.FlexBubbleSIZE_MEGA, Header: vertical(), Body: vertical()}
	b.Header.BackgroundColor = darkBlue
	for _, t := range f.header {
		b.Header.Contents = append(b.Header.Contents, t)
	}
	for _, words := range f.lines {
		if words != "" {
			b.Body.Contents = append(b.Body.Contents, &messaging_api.FlexText{Text: words, Color: black, Size: "md", Wrap: true, Scaling: true})
		}
	}
	if len(f.rows) > 0 {
		b.Footer = vertical()
		for _, r := range f.rows {
			b.Footer.Contents = append(b.Footer.Contents, side(r))
		}
	}
	return &messaging_api.FlexMessage{AltText: alt, Contents: b}
}

func vertical() *messaging_api.FlexBox {
	return &messaging_api.FlexBox{Layout: messaging_api.FlexBoxLAYOUT_VERTICAL, Spacing: "sm"}
}

// side puts the buttons of a row beside each other; a button alone takes the whole width.
func side(row []*messaging_api.FlexButton) messaging_api.FlexComponentInterface {
	if len(row) == 1 {
		return row[0]
	}
	box := &messaging_api.FlexBox{Layout: messaging_api.FlexBoxLAYOUT_HORIZONTAL, Spacing: "sm"}
	for _, b := range row {
		b.Flex = 1 // LINE's own default here; the SDK would write 0 and collapse it
		box.Contents = append(box.Contents, b)
	}
	return box
}

func headline(words string) *messaging_api.FlexText {
	return &messaging_api.FlexText{Text: words, Color: white, Size: "lg", Weight: messaging_api.FlexTextWEIGHT_BOLD, Wrap: true, Scaling: true}
}

func row(buttons ...*messaging_api.FlexButton) []*messaging_api.FlexButton { return buttons }

func primary(a messaging_api.ActionInterface) *messaging_api.FlexButton {
	b := secondary(a)
	b.Style, b.Color = messaging_api.FlexButtonSTYLE_PRIMARY, darkGreen
	return b
}

func secondary(a messaging_api.ActionInterface) *messaging_api.FlexButton {
	return &messaging_api.FlexButton{
		Action: a, Style: messaging_api.FlexButtonSTYLE_SECONDARY, Height: messaging_api.FlexButtonHEIGHT_SM,
		AdjustMode: messaging_api.FlexButtonADJUST_MODE_SHRINK_TO_FIT, Scaling: true,
	}
}
