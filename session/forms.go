package session

import "mime/multipart"

// net/http removes the temporary files of a multipart form after the response, if
// it finds the form in the request that it made. The application's request is a
// copy of that: the Handler removes the files of its form.

// removeLater has the files of a form removed after the response, whichever copy of
// the request it belongs to.
func (x *exchange) removeLater(form *multipart.Form) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.forms = append(x.forms, form)
}

// removeForms removes the files when the application's handler has ended, also by
// a panic. Those that the application has removed itself are no error.
func (x *exchange) removeForms() {
	x.mu.Lock()
	forms := x.forms
	x.mu.Unlock()
	if form := x.r.MultipartForm; form != nil {
		forms = append(forms, form)
	}
	for _, form := range forms {
		if err := form.RemoveAll(); err != nil {
			x.log("session: temporary files of a form were not removed", err)
		}
	}
}
