package vault

import (
	"bytes"
	"errors"
	"net/http"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"
)

// Metadata of an encoded payload. The associated data comes from here, because
// the codec server knows nothing of a payload but its metadata.
const (
	metaEncoding = "encoding"
	metaPlace    = "ess-place"

	encodingAEAD = "binary/ess-aead"
	placePayload = "temporal|payload|1" // the last part is the version of this scheme
)

// maxCodecBody bounds a request to the codec server: a little more than
// Temporal's own limit of a payload, after base64.
const maxCodecBody = 4 << 20

type codec struct{ v *Vault }

// Codec encrypts every payload on its way to Temporal. On the way back it
// passes on what is not ours: input typed into the Temporal UI, old data.
func (v *Vault) Codec() converter.PayloadCodec { return codec{v} }

func (c codec) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		plain, err := proto.Marshal(p)
		if err != nil {
			return nil, errors.New("encode payload: not a payload")
		}
		sealed, err := c.v.Seal(plain, placePayload)
		if err != nil {
			return nil, err
		}
		out[i] = &commonpb.Payload{
			Metadata: map[string][]byte{metaEncoding: []byte(encodingAEAD), metaPlace: []byte(placePayload)},
			Data:     sealed,
		}
	}
	return out, nil
}

func (c codec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		if !bytes.Equal(p.GetMetadata()[metaEncoding], []byte(encodingAEAD)) {
			out[i] = p
			continue
		}
		plain, err := c.v.Open(p.GetData(), string(p.GetMetadata()[metaPlace]))
		if err != nil {
			return nil, err
		}
		out[i] = &commonpb.Payload{}
		if err := proto.Unmarshal(plain, out[i]); err != nil {
			return nil, errors.New("decode payload: not a payload")
		}
	}
	return out, nil
}

// DataConverter is the converter of every client and worker.
func (v *Vault) DataConverter() converter.DataConverter {
	return converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), v.Codec())
}

// FailureConverter encodes error texts and stack traces, too. Without it they
// stand in the history in clear.
func (v *Vault) FailureConverter() converter.FailureConverter {
	return temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
		DataConverter: v.DataConverter(), EncodeCommonAttributes: true,
	})
}

// CodecHandler is the codec server of the Temporal UI: POST …/encode and
// …/decode. A person's browser calls it from allowedOrigin, the exact address
// of the UI without a trailing slash. authorize decides who may; audit writes
// down who decoded how many payloads, never what, before anything is given out,
// and an error of it keeps the payloads shut.
func (v *Vault) CodecHandler(allowedOrigin string, authorize func(*http.Request) error,
	audit func(r *http.Request, action string, payloads int) error,
) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Origin") == allowedOrigin {
			h := w.Header()
			h.Set("Access-Control-Allow-Origin", allowedOrigin)
			h.Set("Access-Control-Allow-Methods", "POST, OPTIONS")
			h.Set("Access-Control-Allow-Headers", "Authorization, Authorization-Extras, Content-Type, X-Namespace")
			h.Set("Access-Control-Allow-Credentials", "true")
			h.Set("Vary", "Origin")
		}
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		if err := authorize(r); err != nil {
			http.Error(w, http.StatusText(http.StatusUnauthorized), http.StatusUnauthorized)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, maxCodecBody)
		converter.NewPayloadCodecHTTPHandler(audited{v.Codec(), r, audit}).ServeHTTP(w, r)
	})
}

// audited writes the audit line of one request between its check and its answer.
type audited struct {
	converter.PayloadCodec
	r     *http.Request
	audit func(r *http.Request, action string, payloads int) error
}

var errUnaudited = errors.New("not written to the audit log, so not given out")

func (a audited) Encode(p []*commonpb.Payload) ([]*commonpb.Payload, error) {
	if a.audit(a.r, "encode", len(p)) != nil {
		return nil, errUnaudited
	}
	return a.PayloadCodec.Encode(p)
}

func (a audited) Decode(p []*commonpb.Payload) ([]*commonpb.Payload, error) {
	if a.audit(a.r, "decode", len(p)) != nil {
		return nil, errUnaudited
	}
	return a.PayloadCodec.Decode(p)
}
