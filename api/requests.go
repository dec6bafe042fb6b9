package api

import "context"

// ListRequests serves GET /v1/requests. A request has no place, so only who sees everything sees it.
func (s *Server) ListRequests(ctx context.Context, r ListRequestsRequestObject) (ListRequestsResponseObject, error) {
	if !Viewer(ctx).sees("") {
		return nil, errOutOfScope
	}
	p := r.Params
	requests, err := s.Requests.Requests(ctx, p.Open, p.After, p.Limit+1)
	if err != nil {
		return nil, err
	}
	page := ListRequests200JSONResponse{Requests: orEmpty(requests)}
	if len(requests) > p.Limit {
		page.Requests = requests[:p.Limit]
		page.Next = requests[p.Limit-1].Number
	}
	return page, nil
}

// AnswerRequest serves POST /v1/requests/{number}/answer.
func (s *Server) AnswerRequest(ctx context.Context, r AnswerRequestRequestObject) (AnswerRequestResponseObject, error) {
	viewer := Viewer(ctx)
	if !viewer.sees("") {
		return nil, errOutOfScope
	}
	return AnswerRequest204Response{}, s.Requests.Answer(ctx, r.Number, viewer.Name, s.Now())
}
