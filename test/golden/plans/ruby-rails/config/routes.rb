Rails.application.routes.draw do
  get "up" => "rails/health#show", as: :rails_health_check
  root "bookings#index"
  resources :bookings
  namespace :api do
    resources :rooms, only: [:index, :show]
    post "rooms/:id/book", to: "rooms#book"
  end
end
